/**
 * Qorus as a contender: obeys commands from stdin, one JSON object a line, answers on stdout. Runs
 * under Bun or Deno.
 *
 * @module
 */

import { configure, libraryInfo } from "../../mod.ts";
import { runtimeName } from "../../lib/cli/runtime.ts";
import { version } from "../../lib/cli/version.ts";
import { fixedProduct } from "../support/fixed_product.ts";
import { serve } from "../support/serve.mjs";
import { median } from "../support/statistics.ts";
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

/** Calls again and again; gives the median of batches, as `repeat` in commands.py does. */
function measure({ milliseconds }: { milliseconds: number }): Measured {
  let batch = 1;
  let batches: number[] = [];
  const start = performance.now();
  while (batches.length === 0 || performance.now() - start < milliseconds) {
    const before = performance.now();
    for (let i = 0; i < batch; i++) run();
    const elapsed = performance.now() - before;
    batches.push(1000 * elapsed / batch);
    if (elapsed >= 1) continue;
    batch *= 2;
    batches = [];
  }
  return { microseconds: median(batches) };
}

await serve({ describe, prepare, product: fixedProduct, measure });
