/**
 * Matrix products.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";
import type { OutOption } from "./elementwise.ts";

/**
 * Product of f32 matrices: `[..., m, k] x [..., k, n] -> [..., m, n]`. Outer dimensions are
 * broadcast; views such as transposes cost nothing extra.
 *
 * @throws {QorusError} `invalid_shape` when the inner sizes differ.
 */
export function matmul(a: Tensor, b: Tensor, { out }: OutOption = {}): Tensor {
  const op = "matmul";
  const target = out === undefined ? 0 : handleOf(out, op);
  return wrap(context().native.q_matmul(handleOf(a, op), handleOf(b, op), target), op);
}

/**
 * `x @ weight^T + bias`: `[..., columns] x [rows, columns] -> [..., rows]`.
 *
 * The weight may be f32, f16, bf16, q8_0 or q4_0, in either layout; for the quantized ones the
 * rows of x are quantized to 8 bits in blocks of 32 inside. x, bias and result are f32.
 */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  { out }: OutOption = {},
): Tensor {
  const op = "linear";
  return wrap(
    context().native.q_linear(
      handleOf(x, op),
      handleOf(weight, op),
      bias === undefined ? 0 : handleOf(bias, op),
      out === undefined ? 0 : handleOf(out, op),
    ),
    op,
  );
}
