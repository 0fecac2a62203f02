/**
 * Qorus as a contender: obeys commands from stdin, one JSON object a line, answers on stdout. Runs
 * under Bun or Deno.
 *
 * @module
 */

import process from "node:process";
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
import { fixedProduct } from "../support/fixed_product.ts";
import { measure, serve } from "../support/serve.mjs";
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

async function steps({ count }: { count: number }): Promise<Measured> {
  let loss = 0;
  const times = await measure(() => {
    for (let i = 0; i < count; i++) loss = step();
  });
  return {
    ...times,
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

await serve({ load, product: fixedProduct, steps, profile });
