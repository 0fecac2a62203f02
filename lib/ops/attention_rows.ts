/**
 * Attention of rows that belong to several sequences, each with a key/value cache of its own.
 *
 * `places` is i32 `[count, 2]`: for each row the slot of its sequence and its position there.
 * Caches are f32, f16 or q8_0 `[slots, keyValueHeads, capacity, headSize]`, or
 * `[keyValueHeads, capacity, headSize]` for slot 0 alone. What a row gets does not depend on the
 * rows beside it.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";
import type { OutOption } from "./out.ts";

/**
 * Cosines and sines for `rope` of rows at any positions: `[2, count, headSize / 2]`.
 *
 * @param frequencies f32 `[headSize / 2]`, radians per position
 * @param places i32 `[count, 2]`
 */
export function ropeTableRows(frequencies: Tensor, places: Tensor): Tensor {
  const op = "ropeTableRows";
  const { native } = context();
  return wrap(native.q_rope_table_rows(handleOf(frequencies, op), handleOf(places, op)), op);
}

/**
 * Writes keys or values of rows into their sequences' caches.
 *
 * @param cache changed
 * @param x f32 `[count, keyValueHeads, headSize]`
 * @param places i32 `[count, 2]`, by slot, then by position, none twice
 */
export function storeCacheRows(cache: Tensor, x: Tensor, places: Tensor): void {
  const op = "storeCacheRows";
  const { native } = context();
  const handles = [handleOf(cache, op), handleOf(x, op), handleOf(places, op)] as const;
  context().check(native.q_store_cache_rows(...handles), op);
}

/**
 * Attention of rows against their own sequences, each up to its own position.
 *
 * @param query f32 `[count, heads, headSize]`
 * @param keys of every sequence
 * @param values arranged as `keys`
 * @param places i32 `[count, 2]`
 * @param scale multiplies the scores, usually `1 / sqrt(headSize)`
 * @returns f32 `[count, heads, headSize]`
 */
export function attentionRows(
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  places: Tensor,
  scale: number,
  { out }: OutOption = {},
): Tensor {
  const op = "attentionRows";
  return wrap(
    context().native.q_attention_rows(
      handleOf(query, op),
      handleOf(keys, op),
      handleOf(values, op),
      handleOf(places, op),
      scale,
      out === undefined ? 0 : handleOf(out, op),
    ),
    op,
  );
}
