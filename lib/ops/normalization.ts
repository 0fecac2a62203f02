/**
 * Softmax and norms over the last dimension.
 *
 * @module
 */

import { wholeNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";
import type { OutOption } from "./elementwise.ts";

/** `softmax(scale * x)` over the last dimension, f32. */
export function softmax(x: Tensor, options: OutOption & { scale?: number } = {}): Tensor {
  const op = "softmax";
  const target = options.out === undefined ? 0 : handleOf(options.out, op);
  return wrap(context().native.q_softmax(handleOf(x, op), options.scale ?? 1, target), op);
}

/**
 * Sets entries above the diagonal of the last two dimensions to -inf, in place, and returns the
 * tensor: row i keeps columns up to `position + i`.
 *
 * @param scores f32 `[..., queries, keys]`
 */
export function causalMask(scores: Tensor, position = 0): Tensor {
  const op = "causalMask";
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
  return wrap(
    context().native.q_rmsnorm(handleOf(x, op), handleOf(weight, op), epsilon, target),
    op,
  );
}

/**
 * `residual += x` in place, then `rmsNorm(residual)`, in one pass.
 *
 * @param residual f32 `[..., dim]`, changed
 */
export function addRmsNorm(
  residual: Tensor,
  x: Tensor,
  weight: Tensor,
  epsilon: number,
  { out }: OutOption = {},
): Tensor {
  const op = "addRmsNorm";
  const target = out === undefined ? 0 : handleOf(out, op);
  return wrap(
    context().native.q_add_rmsnorm(
      handleOf(residual, op),
      handleOf(x, op),
      handleOf(weight, op),
      epsilon,
      target,
    ),
    op,
  );
}

/**
 * Layer norm (Ba et al. 2016) over the last dimension:
 * `(x - mean) / sqrt(variance + epsilon) * weight + bias`.
 */
export function layerNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  epsilon: number,
  { out }: OutOption = {},
): Tensor {
  const op = "layerNorm";
  return wrap(
    context().native.q_layernorm(
      handleOf(x, op),
      handleOf(weight, op),
      bias === undefined ? 0 : handleOf(bias, op),
      epsilon,
      out === undefined ? 0 : handleOf(out, op),
    ),
    op,
  );
}
