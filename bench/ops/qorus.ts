/**
 * Qorus as a contender: obeys commands from stdin, one JSON object a line, answers on stdout. Runs
 * under Bun or Deno.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { configure, libraryInfo } from "../../mod.ts";
import { runtimeName } from "../../lib/cli/runtime.ts";
import { version } from "../../lib/cli/version.ts";
import type { Case } from "./cases.ts";
import type { Described, Measured } from "./contender.ts";
import { prepare as makeRun } from "./operations.ts";

let run = () => {};

function describe(): Described {
  return { name: `Qorus ${version}`, kernels: libraryInfo().isa, runtime: runtimeName() };
}

function prepare({ item, threads }: { item: Case; threads: number }): string[] {
  configure({ threads });
  run = makeRun(item);
  return ["qorus"];
}

/** Calls again and again; the clock is read less and less often where calls are short. */
function measure({ milliseconds }: { milliseconds: number }): Measured {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  for (let batch = 1; elapsed < milliseconds; batch = Math.ceil(calls / 4)) {
    for (let i = 0; i < batch; i++) run();
    calls += batch;
    elapsed = performance.now() - start;
  }
  return { calls, microseconds: 1000 * elapsed / calls };
}

// deno-lint-ignore no-explicit-any
const commands: Record<string, (fields: any) => unknown> = { describe, prepare, measure };

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...fields } = JSON.parse(line);
  let answer;
  try {
    answer = { result: commands[command](fields) };
  } catch (error) {
    answer = { error: error instanceof Error ? error.stack : String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
