/**
 * What losses share: their gradient is computed in the same native pass as their value.
 *
 * @module
 */

import { codeOf } from "../core/arguments.ts";
import { empty } from "../core/creation.ts";
import { isRecording, record } from "../core/gradient.ts";
import { handleOf, type Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { mul } from "./elementwise.ts";
import { neg } from "./unary.ts";

/** What becomes of the losses of single elements or rows: their mean, their sum, or all of them. */
export type Reduction = "mean" | "sum" | "none";

/** Options that every loss has. */
export interface LossOptions {
  /** Default `mean`. */
  reduction?: Reduction;
}

// The codes of zig/ops/losses.zig.
const reductionCodes = { none: 0, mean: 1, sum: 2 } as const;

/** The native library's code of a reduction. */
export function reductionCode(reduction: Reduction, op: string): number {
  return codeOf(reductionCodes, reduction, "reduction", op);
}

/** The handle of an operand that may be absent. */
export function optionalHandle(tensor: Tensor | undefined, op: string): number {
  return tensor === undefined ? 0 : handleOf(tensor, op);
}

/** Throws for an operand through which no gradient flows but that asks for one. */
export function forbidGradient(tensor: Tensor | undefined, op: string, field: string): void {
  if (!isRecording() || !tensor?.requiresGrad) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: no gradient flows to ${field}: give ${field}.detach()`,
    { op, field },
  );
}

/**
 * Computes a loss and puts it on the tape.
 *
 * @param compute writes the derivative of the result with respect to the input, or without a
 * reduction that of each loss, to the tensor it is given, and returns the loss
 * @param target given when its gradient is that of the input times -1
 */
export function recordLoss(
  op: string,
  input: Tensor,
  compute: (derivative: Tensor | undefined) => Tensor,
  target?: Tensor,
): Tensor {
  const wanted = input.requiresGrad || target?.requiresGrad === true;
  if (!wanted || !isRecording()) return compute(undefined);
  const derivative = empty(input.shape);
  const loss = compute(derivative);
  const inputs = target === undefined ? [input] : [input, target];
  return record(op, loss, inputs, (gradient) => {
    const inputGradient = chain(gradient, derivative);
    if (target?.requiresGrad) return [inputGradient, neg(inputGradient)];
    return [inputGradient];
  });
}

/** The derivative times the gradient of the loss, which is nearly always the number 1. */
function chain(gradient: Tensor, derivative: Tensor): Tensor {
  const { rank } = gradient;
  if (rank === 0) {
    const factor = gradient.item();
    return factor === 1 ? derivative : mul(derivative, factor);
  }
  // Losses of rows lack the dimension of classes.
  return mul(
    derivative,
    rank === derivative.rank ? gradient : gradient.reshape([...gradient.shape, 1]),
  );
}
