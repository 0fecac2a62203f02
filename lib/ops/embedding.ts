/**
 * Look-up of rows.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";
import type { OutOption } from "./elementwise.ts";

/**
 * Rows of a matrix as f32: `[rows, dim]` and ids `[count]` give `[count, dim]`.
 *
 * @param weight any dtype and layout
 * @param ids i32
 * @throws {QorusError} `out_of_range` when an id is no row.
 */
export function embedding(weight: Tensor, ids: Tensor, { out }: OutOption = {}): Tensor {
  const op = "embedding";
  const target = out === undefined ? 0 : handleOf(out, op);
  return wrap(
    context().native.q_embedding(handleOf(weight, op), handleOf(ids, op), target),
    op,
  );
}
