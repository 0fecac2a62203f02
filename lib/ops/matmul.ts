/**
 * Matrix products.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { type GradientPlace, record } from "../core/gradient.ts";
import { handleOf, sumTo, type Tensor, wrap } from "../core/tensor.ts";
import { forbidInPlace, type OutOption, reduceTo } from "./elementwise.ts";
import { embedding, lookupOf } from "./embedding.ts";

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
 *
 * While gradients are recorded, rows that {@linkcode embedding} looked up are multiplied once for
 * each row of their table, where it has at most half as many: so are those of the gradients.
 */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  { out }: OutOption = {},
): Tensor {
  const op = "linear";
  const given = handleOf(x, op);
  const lookup = out === undefined ? lookupOf(x) : undefined;
  if (lookup !== undefined) return embedding(linear(lookup.table, weight, bias), lookup.ids);
  const product = wrap(
    context().native.q_linear(
      given,
      handleOf(weight, op),
      bias === undefined ? 0 : handleOf(bias, op),
      out === undefined ? 0 : handleOf(out, op),
    ),
    op,
  );
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  if (!inputs.some(({ requiresGrad }) => requiresGrad)) return product;
  if (out !== undefined) forbidInPlace(op);
  return record(op, product, inputs, (gradient, places) => {
    const rows = asMatrix(gradient);
    return [
      x.requiresGrad ? productAt(places(0), rows, weight, x.shape) : undefined,
      weight.requiresGrad ? weightGradient(places(1), rows, x) : undefined,
      bias?.requiresGrad ? sumTo(rows, bias.shape) : undefined,
    ];
  });
}

/** The gradient of a weight that x met, given that of the products: `gradient^T @ x`. */
export function weightGradient(
  place: GradientPlace | undefined,
  gradient: Tensor,
  x: Tensor,
): Tensor {
  const matrix = asMatrix(x);
  const shape = [gradient.shape[1], matrix.shape[1]];
  return productAt(place, gradient.transpose(0, 1), matrix, shape);
}

/** All rows of a tensor below each other. */
function asMatrix(x: Tensor): Tensor {
  return x.rank === 2 ? x.contiguous() : x.reshape([-1, x.shape[x.rank - 1]]);
}

/** The product of two matrices as a gradient of a shape: in its place, if it has one. */
function productAt(
  place: GradientPlace | undefined,
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
): Tensor {
  const op = "backward";
  const library = context();
  const handles = [handleOf(a, op), handleOf(b, op)];
  if (place === undefined) {
    const product = wrap(library.native.q_matmul(handles[0], handles[1], 0), op);
    return shape.length === 2 ? product : product.view(shape);
  }
  const matrix = shape.length === 2 ? place.tensor : asMatrix(place.tensor);
  const target = handleOf(matrix, op);
  const multiply = place.holds ? library.native.q_matmul_add : library.native.q_matmul;
  library.check(multiply(handles[0], handles[1], target), op);
  return place.tensor;
}
