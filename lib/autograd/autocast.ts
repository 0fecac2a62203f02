/**
 * Mixed precision.
 *
 * @module
 */

import { runToEnd } from "../core/arguments.ts";
import { libraryInfo } from "../core/context.ts";
import {
  activePrecision,
  checkPrecision,
  type Precision,
  setPrecision,
} from "../core/precision.ts";

const op = "autocast";

let hasWarned = false;

/**
 * Computes products in another precision while a function runs, and returns its result: mixed
 * precision, with the parameters, all activations and all sums in f32 (Micikevicius et al. 2018;
 * Kalamkar et al. 2019 for bf16).
 *
 * In `bf16`, `linear` (with weights of f32, f16 or bf16), `matmul`, convolutions and recurrent
 * layers round their operands to bf16 inside and add up in f32. Everything else computes as it
 * always does; so do `scaledDotProductAttention`, and convolutions of 3 x 3 with at least 16
 * channels on both sides, which are faster by Winograd's filtering in f32. The gradient of an
 * operation is computed in the precision that its forward pass had, so `backward()` need not be
 * inside. No scaling of the loss is needed: bf16 reaches as far as f32.
 *
 * Large products are faster where the processor multiplies bf16 (AVX512-BF16;
 * {@linkcode libraryInfo} says so in `multipliesBf16`). Elsewhere it gives the same numbers and is
 * no faster than f32; the first use says so with `console.warn`.
 *
 * Unlike PyTorch's, it makes no bf16 tensors. It may be nested: `autocast("f32", ...)` inside
 * switches it off.
 *
 * @param precision of the products
 * @param run does its work before it returns; asynchronous functions are refused, since other code
 * runs while they wait
 * @throws {QorusError} `invalid_argument` when the precision is unknown, or `run` is no function or
 * returns a promise; what `run` throws.
 *
 * @example
 * ```ts
 * import { autocast, mseLoss, nn, optim, ones, scope } from "@qorus/qorus";
 *
 * using model = new nn.Linear(8, 1);
 * using optimizer = new optim.AdamW(model.parameters(), { lr: 1e-2 });
 * for (let i = 0; i < 10; i++) {
 *   using _ = scope();
 *   optimizer.zeroGrad();
 *   const loss = autocast("bf16", () => mseLoss(model.forward(ones([4, 8])), ones([4, 1])));
 *   loss.backward(); // in bf16 as well
 *   optimizer.step(); // on weights in f32
 * }
 * ```
 */
export function autocast<T>(precision: Precision, run: () => T): T {
  checkPrecision(op, "precision", precision);
  if (precision === "bf16") warnOnce();
  const outer = activePrecision();
  setPrecision(precision);
  try {
    return runToEnd(run, op);
  } finally {
    setPrecision(outer);
  }
}

function warnOnce(): void {
  if (hasWarned) return;
  hasWarned = true;
  const { multipliesBf16, isa } = libraryInfo();
  if (multipliesBf16) return;
  console.warn(
    `autocast: kernels ${isa} have no instructions for bf16 on this processor: products are ` +
      "rounded as asked, but they are no faster than in f32",
  );
}
