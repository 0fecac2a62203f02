/**
 * Softmax and norms over the last dimension, with their gradients.
 *
 * @module
 */

import { checkOptions, realNumber, wholeNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import { isRecording, record } from "../core/gradient.ts";
import { dimensionOf } from "../core/shapes.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { forbidInPlace, type OutOption } from "./out.ts";

/** Options of {@linkcode softmax}. */
export interface SoftmaxOptions extends OutOption {
  /** Multiplies x first. Default 1. */
  scale?: number;
  /** The dimension whose elements add up to 1; negative ones count from the end. Default -1. */
  dim?: number;
}

/**
 * `softmax(scale * x)` over one dimension, f32. A row of only -inf gives NaN.
 *
 * @throws {QorusError} `out_of_range` when there is no such dimension.
 *
 * @example
 * ```ts
 * import { softmax, tensor } from "@qorus/qorus";
 *
 * softmax(tensor([[1, 1], [0, 3]]), { dim: 0 }).toArray(); // columns add up to 1
 * ```
 */
export function softmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  const op = "softmax";
  checkOptions(options, op);
  const { scale = 1, dim = -1, out } = options;
  checkTensor(x, op);
  if (dim !== -1 && dimensionOf(dim, x.rank, op) !== x.rank - 1) {
    if (out !== undefined) forbidOut(op);
    return alongLast(x, dim, (moved) => softmax(moved, { scale }));
  }
  const target = out === undefined ? 0 : handleOf(out, op);
  const factor = realNumber(scale, "scale", op);
  const result = wrap(context().native.q_softmax(handleOf(x, op), factor, target), op);
  if (!x.requiresGrad) return result;
  if (out !== undefined) forbidInPlace(op);
  return record(op, result, [x], (gradient) => {
    const given = handleOf(gradient.contiguous(), op);
    return [wrap(context().native.q_softmax_gradient(handleOf(result, op), given, scale), op)];
  });
}

/**
 * `log(softmax(x))` over one dimension, f32, without the loss of digits of computing both one after
 * the other.
 *
 * @param options `dim`: the dimension, by default the last
 * @throws {QorusError} `out_of_range` when there is no such dimension.
 */
export function logSoftmax(x: Tensor, options: OutOption & { dim?: number } = {}): Tensor {
  const op = "logSoftmax";
  checkOptions(options, op);
  const { dim = -1, out } = options;
  checkTensor(x, op);
  if (dim !== -1 && dimensionOf(dim, x.rank, op) !== x.rank - 1) {
    if (out !== undefined) forbidOut(op);
    return alongLast(x, dim, (moved) => logSoftmax(moved));
  }
  const target = out === undefined ? 0 : handleOf(out, op);
  const result = wrap(context().native.q_log_softmax(handleOf(x, op), target), op);
  if (!x.requiresGrad) return result;
  if (out !== undefined) forbidInPlace(op);
  return record(op, result, [x], (gradient) => {
    const given = handleOf(gradient.contiguous(), op);
    return [wrap(context().native.q_log_softmax_gradient(handleOf(result, op), given), op)];
  });
}

/** Applies a function of the last dimension to another. */
function alongLast(x: Tensor, dim: number, apply: (moved: Tensor) => Tensor): Tensor {
  return apply(x.transpose(dim, -1).contiguous()).transpose(dim, -1).contiguous();
}

function forbidOut(op: string): never {
  throw new QorusError(
    "invalid_argument",
    `${op}: the option out works with the last dimension only: leave it out`,
    { op, field: "out" },
  );
}

/**
 * Sets entries above the diagonal of the last two dimensions to -inf, in place, and returns the
 * tensor: row i keeps columns up to `position + i`. For inference: it has no gradient.
 *
 * @param scores f32 `[..., queries, keys]`
 * @throws {QorusError} `invalid_argument` when the scores require a gradient that is recorded.
 */
export function causalMask(scores: Tensor, position = 0): Tensor {
  const op = "causalMask";
  checkTensor(scores, op);
  if (scores.requiresGrad && isRecording()) {
    throw new QorusError(
      "invalid_argument",
      "causalMask: the scores would be overwritten while gradients are recorded: use the option " +
        "causal of scaledDotProductAttention, or add a mask",
      { op },
    );
  }
  const first = wholeNumber(position, "position", op);
  context().check(context().native.q_causal_mask(handleOf(scores, op), first), op);
  return scores;
}

/**
 * Root mean square norm (Zhang and Sennrich 2019) over the last dimension:
 * `x / sqrt(mean(x^2) + epsilon) * weight`.
 *
 * @param x f32 `[..., dim]`
 * @param weight f32 `[dim]`
 */
export function rmsNorm(
  x: Tensor,
  weight: Tensor,
  epsilon: number,
  { out }: OutOption = {},
): Tensor {
  const op = "rmsNorm";
  const target = out === undefined ? 0 : handleOf(out, op);
  const added = realNumber(epsilon, "epsilon", op);
  const normed = wrap(
    context().native.q_rmsnorm(handleOf(x, op), handleOf(weight, op), added, target),
    op,
  );
  if (!x.requiresGrad && !weight.requiresGrad) return normed;
  if (out !== undefined) forbidInPlace(op);
  return record(op, normed, [x, weight], (gradient) => {
    const sums = empty(weight.shape);
    return [normGradient(op, x, weight, gradient, epsilon, sums), sums];
  });
}

/** The gradient of a norm with respect to x; those of its parameters go to `sums`. */
function normGradient(
  op: string,
  x: Tensor,
  weight: Tensor,
  gradient: Tensor,
  epsilon: number,
  sums: Tensor,
): Tensor {
  return wrap(
    context().native.q_norm_gradient(
      handleOf(x, op),
      handleOf(weight, op),
      handleOf(gradient.contiguous(), op),
      epsilon,
      handleOf(sums, op),
    ),
    op,
  );
}

/**
 * `residual += x` in place, then `rmsNorm(residual)`, in one pass: for inference. It overwrites
 * what the tape may need, so it has no gradient; while gradients are recorded, `add` and `rmsNorm`
 * do the same.
 *
 * @param residual f32 `[..., dim]`, changed
 * @throws {QorusError} `invalid_argument` when an operand requires a gradient that is recorded.
 */
export function addRmsNorm(
  residual: Tensor,
  x: Tensor,
  weight: Tensor,
  epsilon: number,
  { out }: OutOption = {},
): Tensor {
  const op = "addRmsNorm";
  const handles = [handleOf(residual, op), handleOf(x, op), handleOf(weight, op)] as const;
  const learned = residual.requiresGrad || x.requiresGrad || weight.requiresGrad;
  if (learned && isRecording()) {
    throw new QorusError(
      "invalid_argument",
      "addRmsNorm: the residual would be overwritten while gradients are recorded: use add() and " +
        "rmsNorm(), or compute inside noGrad()",
      { op },
    );
  }
  const target = out === undefined ? 0 : handleOf(out, op);
  return wrap(
    context().native.q_add_rmsnorm(...handles, realNumber(epsilon, "epsilon", op), target),
    op,
  );
}

/**
 * Layer norm (Ba et al. 2016) over the last dimension:
 * `(x - mean) / sqrt(variance + epsilon) * weight + bias`.
 *
 * @param x f32 `[..., dim]`
 * @param weight f32 `[dim]`
 * @param bias f32 `[dim]`
 */
export function layerNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  epsilon: number,
  { out }: OutOption = {},
): Tensor {
  const op = "layerNorm";
  const normed = wrap(
    context().native.q_layernorm(
      handleOf(x, op),
      handleOf(weight, op),
      bias === undefined ? 0 : handleOf(bias, op),
      realNumber(epsilon, "epsilon", op),
      out === undefined ? 0 : handleOf(out, op),
    ),
    op,
  );
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  if (!inputs.some(({ requiresGrad }) => requiresGrad)) return normed;
  if (out !== undefined) forbidInPlace(op);
  return record(op, normed, inputs, (gradient) => {
    const { shape } = weight;
    const sums = empty([2, ...shape]);
    return [
      normGradient(op, x, weight, gradient, epsilon, sums),
      sums.slice(0, 0, 1).view(shape),
      sums.slice(0, 1, 2).view(shape),
    ];
  });
}
