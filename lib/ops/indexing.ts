/**
 * Picking elements by index.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { record } from "../core/gradient.ts";
import { dimensionOf } from "../core/shapes.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";

/**
 * Elements along a dimension: `out[i][j] = x[index[i][j]][j]` for dimension 0 of a matrix.
 *
 * @param x f32
 * @param index i32 of x's rank; other dimensions are at most x's
 * @returns f32, shaped like index
 * @throws {QorusError} `out_of_range` when an index is outside of the dimension.
 *
 * @example
 * ```ts
 * import { gather, tensor } from "@qorus/qorus";
 *
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * gather(x, 1, tensor([[2], [0]], { dtype: "i32" })).toArray(); // [[3], [4]]
 * ```
 */
export function gather(x: Tensor, dimension: number, index: Tensor): Tensor {
  const op = "gather";
  checkTensor(x, op);
  const along = dimensionOf(dimension, x.rank, op);
  const { native } = context();
  const picked = wrap(native.q_gather(handleOf(x, op), handleOf(index, op), along), op);
  if (!x.requiresGrad) return picked;
  const { shape } = x;
  return record(op, picked, [x], (gradient) => [scatterAdd(gradient, along, index, shape)]);
}

/**
 * Whole slices along a dimension, in the order of `index`: rows 2 and 0 of a matrix, say.
 *
 * @param x f32
 * @param index i32 vector
 * @throws {QorusError} `out_of_range` when an index is outside of the dimension.
 */
export function indexSelect(x: Tensor, dimension: number, index: Tensor): Tensor {
  const op = "indexSelect";
  checkTensor(x, op);
  checkTensor(index, op);
  const along = dimensionOf(dimension, x.rank, op);
  const count = index.shape[0];
  const line = x.shape.map((_, i) => i === along ? count : 1);
  const every = x.shape.map((size, i) => i === along ? count : size);
  return gather(x, along, index.view(line).expand(every));
}

/** Zeros of `shape` with `source` added where index picks: the gradient of {@linkcode gather}. */
function scatterAdd(
  source: Tensor,
  dimension: number,
  index: Tensor,
  shape: readonly number[],
): Tensor {
  const op = "scatterAdd";
  const library = context();
  const added = handleOf(source.contiguous(), op);
  library.writeSizes(shape, op);
  const handle = handleOf(index, op);
  return wrap(library.native.q_scatter_add(added, handle, dimension, shape.length), op);
}
