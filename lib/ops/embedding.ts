/**
 * Look-up of rows.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { record } from "../core/gradient.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { forbidInPlace, type OutOption } from "./out.ts";

/**
 * Rows of a matrix as f32: `[rows, dim]` and ids `[...]` give `[..., dim]`. The gradient of the
 * matrix sums those of each row's uses in their order.
 *
 * @param weight any dtype and layout; only f32 has a gradient
 * @param ids i32
 * @throws {QorusError} `out_of_range` when an id is no row.
 *
 * @example
 * ```ts
 * import { embedding, tensor } from "@qorus/qorus";
 *
 * const table = tensor([[0, 0], [1, 2]]);
 * embedding(table, tensor(Int32Array.of(1, 0, 1))).toArray(); // [[1, 2], [0, 0], [1, 2]]
 * ```
 */
export function embedding(weight: Tensor, ids: Tensor, { out }: OutOption = {}): Tensor {
  const op = "embedding";
  const target = out === undefined ? 0 : handleOf(out, op);
  const isVector = ids.rank === 1;
  const flat = isVector ? ids : ids.reshape([ids.size]);
  const rows = wrap(
    context().native.q_embedding(handleOf(weight, op), handleOf(flat, op), target),
    op,
  );
  if (weight.requiresGrad) {
    if (out !== undefined) forbidInPlace(op);
    record(op, rows, [weight], (gradient) => {
      const given = handleOf(gradient.contiguous(), op);
      const { native } = context();
      return [wrap(native.q_embedding_gradient(handleOf(flat, op), given, weight.shape[0]), op)];
    });
  }
  return isVector ? rows : rows.view([...ids.shape, weight.shape[1]]);
}
