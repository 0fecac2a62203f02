/**
 * Matrix products.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { record } from "../core/gradient.ts";
import { handleOf, sumTo, type Tensor, wrap } from "../core/tensor.ts";
import { forbidInPlace, type OutOption, reduceTo } from "./elementwise.ts";

/**
 * Product of f32 matrices: `[..., m, k] x [..., k, n] -> [..., m, n]`. Outer dimensions are
 * broadcast; views such as transposes cost nothing extra.
 *
 * @throws {QorusError} `invalid_shape` when the inner sizes differ.
 */
export function matmul(a: Tensor, b: Tensor, { out }: OutOption = {}): Tensor {
  const op = "matmul";
  const target = out === undefined ? 0 : handleOf(out, op);
  const product = wrap(context().native.q_matmul(handleOf(a, op), handleOf(b, op), target), op);
  if (!a.requiresGrad && !b.requiresGrad) return product;
  if (out !== undefined) forbidInPlace(op);
  return record(op, product, [a, b], (gradient) => [
    a.requiresGrad ? reduceTo(matmul(gradient, b.transpose(-2, -1)), a.shape) : undefined,
    b.requiresGrad ? reduceTo(matmul(a.transpose(-2, -1), gradient), b.shape) : undefined,
  ]);
}

/**
 * `x @ weight^T + bias`: `[..., columns] x [rows, columns] -> [..., rows]`.
 *
 * The weight may be of any float or quantized dtype, in either layout; for the quantized ones the
 * rows of x are quantized to 8 bits in blocks of 32 inside. x, bias and result are f32.
 */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  { out }: OutOption = {},
): Tensor {
  const op = "linear";
  const product = wrap(
    context().native.q_linear(
      handleOf(x, op),
      handleOf(weight, op),
      bias === undefined ? 0 : handleOf(bias, op),
      out === undefined ? 0 : handleOf(out, op),
    ),
    op,
  );
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  if (!inputs.some(({ requiresGrad }) => requiresGrad)) return product;
  if (out !== undefined) forbidInPlace(op);
  return record(op, product, inputs, (gradient) => {
    const rows = gradient.reshape([-1, weight.shape[0]]);
    return [
      x.requiresGrad ? matmul(rows, weight).reshape(x.shape) : undefined,
      weight.requiresGrad
        ? matmul(rows.transpose(0, 1), x.reshape([-1, weight.shape[1]]))
        : undefined,
      bias?.requiresGrad ? sumTo(rows, bias.shape) : undefined,
    ];
  });
}
