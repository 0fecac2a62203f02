/**
 * Losses of classification.
 *
 * @module
 */

import { checkOptions, realNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import {
  forbidGradient,
  type LossOptions,
  optionalHandle,
  recordLoss,
  reductionCode,
} from "./loss_gradient.ts";

/** Options of {@linkcode nllLoss}. */
export interface NllLossOptions extends LossOptions {
  /** Factors of the classes, f32 `[classes]`. A mean divides by those of the rows' classes. */
  weight?: Tensor;
  /** Class of rows that do not count. Default -100. */
  ignoreIndex?: number;
}

/** Options of {@linkcode crossEntropy}. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** Share of the target, 0 to 1, that is spread evenly over all classes (Szegedy et al. 2016). */
  labelSmoothing?: number;
}

/**
 * Cross entropy of `softmax(input)` with the target: `-log softmax(input)[target]`. Softmax, loss
 * and gradient are one pass over the logits.
 *
 * @param input f32 `[classes]`, `[batch, classes]` or `[batch, classes, ...]`: logits
 * @param target classes as i32 of the input's shape without the dimension of classes, or
 * probabilities as f32 of the input's shape; it takes no gradient
 * @throws {QorusError} `out_of_range` when a class is none of the input's, `invalid_shape` and
 * `invalid_dtype` for tensors that do not fit, `invalid_argument` for options out of their range.
 *
 * @example
 * ```ts
 * import { crossEntropy, tensor } from "@qorus/qorus";
 *
 * const logits = tensor([[2, 0, 0], [0, 1, 0]]);
 * const classes = tensor([0, 2], { dtype: "i32" });
 * crossEntropy(logits, classes, { labelSmoothing: 0.1 }).item();
 * ```
 */
export function crossEntropy(
  input: Tensor,
  target: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  const op = "crossEntropy";
  checkOptions(options, op);
  const { reduction = "mean", weight, ignoreIndex = -100 } = options;
  const labelSmoothing = realNumber(options.labelSmoothing ?? 0, "labelSmoothing", op);
  const code = reductionCode(reduction, op);
  checkTensor(input, op);
  checkTensor(target, op);
  forbidGradient(target, op, "target");
  forbidGradient(weight, op, "weight");
  checkIgnoreIndex(ignoreIndex, op);
  const x = classesLast(input);
  const t = target.dtype === "i32" ? target.contiguous() : classesLast(target);
  return recordLoss(op, x, (derivative) => {
    const { native } = context();
    const handles = [handleOf(x, op), handleOf(t, op), optionalHandle(weight, op)] as const;
    const out = optionalHandle(derivative, op);
    return wrap(native.q_cross_entropy(...handles, out, labelSmoothing, ignoreIndex, code), op);
  });
}

/**
 * Negative log likelihood: `-input[target]`.
 *
 * @param input f32 `[classes]`, `[batch, classes]` or `[batch, classes, ...]`: log probabilities,
 * such as `logSoftmax` gives
 * @param target classes as i32 of the input's shape without the dimension of classes
 * @throws {QorusError} `out_of_range` when a class is none of the input's, `invalid_shape` and
 * `invalid_dtype` for tensors that do not fit.
 */
export function nllLoss(input: Tensor, target: Tensor, options: NllLossOptions = {}): Tensor {
  const op = "nllLoss";
  checkOptions(options, op);
  const { reduction = "mean", weight, ignoreIndex = -100 } = options;
  const code = reductionCode(reduction, op);
  checkTensor(input, op);
  checkTensor(target, op);
  forbidGradient(weight, op, "weight");
  checkIgnoreIndex(ignoreIndex, op);
  const x = classesLast(input);
  const t = target.contiguous();
  return recordLoss(op, x, (derivative) => {
    const { native } = context();
    const handles = [handleOf(x, op), handleOf(t, op), optionalHandle(weight, op)] as const;
    return wrap(
      native.q_nll_loss(...handles, optionalHandle(derivative, op), ignoreIndex, code),
      op,
    );
  });
}

/** `[batch, classes, ...]` with the classes as the last dimension, contiguous. */
function classesLast(x: Tensor): Tensor {
  const { rank } = x;
  if (rank <= 2) return x.contiguous();
  const others = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  return x.permute([0, ...others, 1]).contiguous();
}

function checkIgnoreIndex(index: number, op: string): void {
  if (Number.isInteger(index) && Math.abs(index) < 2 ** 31) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: ignoreIndex ${index}, expected a whole number of 32 bits`,
    { op, field: "ignoreIndex", given: index },
  );
}
