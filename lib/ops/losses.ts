/**
 * Losses that compare numbers one by one.
 *
 * @module
 */

import { checkOptions } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { div } from "./elementwise.ts";
import {
  forbidGradient,
  type LossOptions,
  optionalHandle,
  recordLoss,
  reductionCode,
} from "./loss_gradient.ts";

export {
  crossEntropy,
  type CrossEntropyOptions,
  nllLoss,
  type NllLossOptions,
} from "./class_losses.ts";
export type { LossOptions, Reduction } from "./loss_gradient.ts";

// The codes of zig/kernels/cpu/losses_interface.zig.
const codes = {
  mseLoss: 0,
  l1Loss: 1,
  huberLoss: 2,
  bceWithLogits: 3,
  klDiv: 4,
  klDivLog: 5,
} as const;

interface Pointwise extends LossOptions {
  weight?: Tensor;
  positiveWeight?: Tensor;
  delta?: number;
  /** The target's gradient is that of the input times -1. */
  isSymmetric?: boolean;
}

function pointwise(
  op: string,
  kind: keyof typeof codes,
  input: Tensor,
  target: Tensor,
  options: Pointwise,
): Tensor {
  const { reduction = "mean", weight, positiveWeight, delta = 1, isSymmetric = false } = options;
  const code = reductionCode(reduction, op);
  checkTensor(input, op);
  checkTensor(target, op);
  if (!isSymmetric) forbidGradient(target, op, "target");
  const [x, t] = [input.contiguous(), target.contiguous()];
  const compute = (derivative: Tensor | undefined) => {
    const { native, parameters, floatParameters } = context();
    const handles = [handleOf(x, op), handleOf(t, op)] as const;
    const factors = [optionalHandle(weight, op), optionalHandle(positiveWeight, op)] as const;
    floatParameters[0] = delta;
    parameters[1] = code;
    const out = optionalHandle(derivative, op);
    return wrap(native.q_pointwise_loss(codes[kind], ...handles, ...factors, out), op);
  };
  return recordLoss(op, x, compute, isSymmetric ? t : undefined);
}

/**
 * Mean squared error: `(input - target)^2`.
 *
 * @param input f32 of any shape
 * @param target f32 of the same shape; gradients flow to it too
 * @throws {QorusError} `invalid_shape` when the shapes differ, `invalid_dtype` unless both are f32.
 *
 * @example
 * ```ts
 * import { mseLoss, tensor } from "@qorus/qorus";
 *
 * mseLoss(tensor([1, 2]), tensor([1, 4])).item(); // 2
 * ```
 */
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions(options, "mseLoss");
  return pointwise("mseLoss", "mseLoss", input, target, { ...options, isSymmetric: true });
}

/**
 * Absolute error: `|input - target|`. Where both are equal the gradient is 0.
 *
 * @param input f32 of any shape
 * @param target f32 of the same shape; gradients flow to it too
 * @throws {QorusError} `invalid_shape` when the shapes differ, `invalid_dtype` unless both are f32.
 */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions(options, "l1Loss");
  return pointwise("l1Loss", "l1Loss", input, target, { ...options, isSymmetric: true });
}

/**
 * Huber loss (Huber 1964): half the squared error where it is at most `delta` in size, beyond that
 * `delta * (|input - target| - delta / 2)`.
 *
 * @param input f32 of any shape
 * @param target f32 of the same shape; gradients flow to it too
 * @param options `delta`: where the loss becomes linear, more than 0. Default 1.
 * @throws {QorusError} `invalid_argument` for another delta, `invalid_shape`, `invalid_dtype`.
 */
export function huberLoss(
  input: Tensor,
  target: Tensor,
  options: LossOptions & { delta?: number } = {},
): Tensor {
  checkOptions(options, "huberLoss");
  const { delta = 1 } = options;
  if (!(delta > 0)) {
    throw new QorusError("invalid_argument", `huberLoss: delta ${delta}, expected more than 0`, {
      op: "huberLoss",
      field: "delta",
      given: delta,
    });
  }
  return pointwise("huberLoss", "huberLoss", input, target, { ...options, isSymmetric: true });
}

/** Options of {@linkcode bceWithLogits}. */
export interface BceWithLogitsOptions extends LossOptions {
  /** Factors of the losses; its shape broadcasts to the input's. */
  weight?: Tensor;
  /** Factors of the losses of positive targets, such as negatives per positive of each class. */
  posWeight?: Tensor;
}

/**
 * Binary cross entropy of `sigmoid(input)` with probabilities, without overflow:
 * `-(target log sigmoid(input) + (1 - target) log sigmoid(-input))`.
 *
 * @param input f32 of any shape: logits
 * @param target f32 of the same shape, from 0 to 1; it takes no gradient
 * @throws {QorusError} `invalid_shape`, `invalid_dtype`, and `invalid_argument` when the target or
 * a weight requires a gradient.
 */
export function bceWithLogits(
  input: Tensor,
  target: Tensor,
  options: BceWithLogitsOptions = {},
): Tensor {
  const op = "bceWithLogits";
  checkOptions(options, op);
  forbidGradient(options.weight, op, "weight");
  forbidGradient(options.posWeight, op, "posWeight");
  checkTensor(input, op);
  const { shape } = input;
  return pointwise(op, "bceWithLogits", input, target, {
    reduction: options.reduction,
    weight: options.weight?.expand(shape).contiguous(),
    positiveWeight: options.posWeight?.expand(shape).contiguous(),
  });
}

/** Options of {@linkcode klDiv}. */
export interface KlDivOptions {
  /** `batchmean` is the divergence itself: sum divided by the first dimension. Default `mean`. */
  reduction?: LossOptions["reduction"] | "batchmean";
  /** Whether the target holds logarithms too. Default false. */
  logTarget?: boolean;
}

/**
 * Kullback-Leibler divergence of distributions (Kullback and Leibler 1951):
 * `target * (log target - input)`.
 *
 * @param input f32 of any shape: log probabilities
 * @param target f32 of the same shape: probabilities, or their logarithms with `logTarget`; it
 * takes no gradient
 * @throws {QorusError} `invalid_shape`, `invalid_dtype`, and `invalid_argument` when the target
 * requires a gradient.
 */
export function klDiv(input: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  checkOptions(options, "klDiv");
  const { reduction = "mean", logTarget = false } = options;
  const kind = logTarget ? "klDivLog" : "klDiv";
  checkTensor(input, "klDiv");
  if (reduction !== "batchmean") return pointwise("klDiv", kind, input, target, { reduction });
  if (input.rank === 0) {
    throw new QorusError("invalid_shape", "klDiv: batchmean needs a batch, the input is []", {
      op: "klDiv",
      given: input.shape,
    });
  }
  const sum = pointwise("klDiv", kind, input, target, { reduction: "sum" });
  return div(sum, input.shape[0]);
}
