/**
 * Look-up of rows.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { isRecording, record } from "../core/gradient.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { forbidInPlace, type OutOption } from "./out.ts";

/** Which rows of which table a tensor holds. */
export interface Lookup {
  /** `[rows, dim]`, f32. */
  readonly table: Tensor;
  /** i32, shaped like the tensor without its last dimension. */
  readonly ids: Tensor;
}

/** How tensors of the tape came out of {@linkcode embedding}. */
const lookups = new WeakMap<Tensor, Lookup>();

/**
 * The look-up that a tensor of the tape is, where its table has at most half as many rows: what is
 * linear in each row is then less work on the table, before it is looked up. A tensor that was
 * changed since, or whose table or ids were, is none: that is compared, bit for bit.
 */
export function lookupOf(x: Tensor): Lookup | undefined {
  if (!x.requiresGrad || !isRecording()) return undefined;
  const lookup = lookups.get(x);
  if (lookup === undefined || !lookup.table.isLive || !lookup.ids.isLive) return undefined;
  const { table, ids } = lookup;
  if (2 * table.shape[0] > ids.size) return undefined;
  const op = "embedding";
  const flat = handleOf(ids.reshape([ids.size]), op);
  const current = context();
  const holds = current.native.q_holds_rows(handleOf(x, op), handleOf(table, op), flat);
  return current.check(holds, op) === 1 ? lookup : undefined;
}

/** `[a, b, ...]` as `[b, a, ...]`, contiguous; rows of a table are looked up in the other order. */
export function exchangeOuter(x: Tensor): Tensor {
  const lookup = lookupOf(x);
  if (lookup === undefined) return x.transpose(0, 1).contiguous();
  return embedding(lookup.table, lookup.ids.transpose(0, 1));
}

/**
 * Rows of a matrix as f32: `[rows, dim]` and ids `[...]` give `[..., dim]`. The gradient of the
 * matrix sums those of each row's uses in their order.
 *
 * While gradients are recorded, {@linkcode linear} and recurrent layers right behind a small matrix
 * multiply its rows once, and look up the products.
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
  checkTensor(ids, op);
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
  const result = isVector ? rows : rows.view([...ids.shape, weight.shape[1]]);
  if (result.requiresGrad && weight.dtype === "f32" && weight.isContiguous) {
    lookups.set(result, { table: weight, ids });
  }
  return result;
}
