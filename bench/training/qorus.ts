/**
 * Qorus as a contender: obeys commands from stdin, one JSON object a line, answers on stdout. Runs
 * under Bun or Deno.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import {
  autocast,
  configure,
  counters,
  crossEntropy,
  libraryInfo,
  optim,
  type Precision,
  scope,
} from "../../mod.ts";
import { runtimeName } from "../../lib/cli/runtime.ts";
import { version } from "../../lib/cli/version.ts";
import type { Loaded, Measured } from "./contender.ts";
import { networks, type Workload } from "./networks.ts";
import { measureOps, type OpTime } from "./op_times.ts";

let workload: Workload;
let optimizer: optim.AdamW;
let precision: Precision;

function load(given: { workload: string; threads: number; precision: Precision }): Loaded {
  configure({ threads: given.threads });
  workload = networks[given.workload]();
  precision = given.precision;
  optimizer = new optim.AdamW(workload.model.parameters(), { lr: 1e-3 });
  const { isa, multipliesBf16 } = libraryInfo();
  return {
    name: `Qorus ${version}`,
    kernels: `${isa}${multipliesBf16 ? " with bf16" : ""}`,
    runtime: runtimeName(),
    parameters: workload.model.parameters().reduce((sum, { size }) => sum + size, 0),
  };
}

function step(): number {
  using _ = scope();
  optimizer.zeroGrad();
  const lossOf = () => crossEntropy(workload.forward(), workload.labels);
  const loss = precision === "f32" ? lossOf() : autocast(precision, lossOf);
  loss.backward();
  optimizer.step();
  return loss.item();
}

function steps({ count }: { count: number }): Measured {
  const before = process.cpuUsage();
  const start = performance.now();
  let loss = 0;
  for (let i = 0; i < count; i++) loss = step();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return {
    milliseconds,
    processorMilliseconds: (user + system) / 1000,
    loss,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    scratchBytes: counters().scratchHighWaterBytes,
  };
}

function profile({ count }: { count: number }): OpTime[] {
  return measureOps(() => {
    for (let i = 0; i < count; i++) step();
  });
}

// deno-lint-ignore no-explicit-any
const commands: Record<string, (fields: any) => unknown> = { load, steps, profile };

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
