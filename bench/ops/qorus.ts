/**
 * Qorus as a contender: obeys commands from stdin, one JSON object a line, answers on stdout. Runs
 * under Bun or Deno.
 *
 * @module
 */

import { configure, libraryInfo } from "../../mod.ts";
import { runtimeName } from "../../lib/cli/runtime.ts";
import { version } from "../../lib/cli/version.ts";
import { serve } from "../support/serve.mjs";
import type { Case } from "./cases.ts";
import type { Described, Measured } from "./contender.ts";
import { prepare as makeRun } from "./operations.ts";

let run = () => {};

function describe(): Described {
  const { isa, multipliesBf16 } = libraryInfo();
  return { name: `Qorus ${version}`, kernels: isa, runtime: runtimeName(), multipliesBf16 };
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

await serve({ describe, prepare, measure });
