/**
 * Losses and gradients that are no numbers any more.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import type { StepUpdate } from "../training_step.ts";
import type { FitProgress } from "./progress.ts";

/** The error of a step whose loss or gradients are NaN or infinite. */
export function divergenceError(
  update: StepUpdate,
  learningRate: number,
  { step, epoch, lastLoss }: FitProgress,
): QorusError {
  const { loss, gradientNorm } = update;
  const what = Number.isFinite(loss)
    ? `the norm of the gradients is ${gradientNorm}`
    : `the loss is ${loss}`;
  const before = Number.isNaN(lastLoss)
    ? "no loss before it was a number"
    : `the last loss that was a number is ${lastLoss}`;
  return new QorusError(
    "diverged",
    `fit: ${what} at step ${step}, epoch ${epoch + 1}, learning rate ${learningRate}; ${before}. ` +
      "The parameters are as they were before this step. Lower the learning rate or warm it up, " +
      "limit the gradients (clip: { norm: 1 }), and look for NaN, infinities, log(0) and " +
      'division by 0 in data and loss; onDivergence: "continue" leaves such steps out',
    { op: "fit", field: Number.isFinite(loss) ? "gradient_norm" : "loss", given: loss },
  );
}
