/**
 * Attention with a key/value cache, and rotary position embedding.
 *
 * @module
 */

import { codeOf, wholeNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { record } from "../core/gradient.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { forbidInPlace, type OutOption } from "./out.ts";

/**
 * Which elements of a head are turned together: `neighbouring` (0, 1), (2, 3) ..., or `half`
 * (0, n/2), (1, n/2 + 1) ...
 */
export type RopeStyle = "neighbouring" | "half";

// The codes of zig/abi/attention.zig.
const styleCodes: Readonly<Record<RopeStyle, number>> = { neighbouring: 0, half: 1 };

/**
 * Cosines and sines for {@linkcode rope}: `[2, count, headSize / 2]`.
 *
 * @param frequencies f32 `[headSize / 2]`, radians per position
 * @param start the first position
 * @param count how many positions
 */
export function ropeTable(frequencies: Tensor, start: number, count: number): Tensor {
  const op = "ropeTable";
  const first = wholeNumber(start, "start", op);
  const rows = wholeNumber(count, "count", op);
  return wrap(context().native.q_rope_table(handleOf(frequencies, op), first, rows), op);
}

/**
 * Rotary position embedding (Su et al. 2021). Its gradient turns back by the same angles.
 *
 * @param x f32 `[count, heads, headSize]`, or `[batch, count, heads, headSize]`
 * @param table from {@linkcode ropeTable} for the same positions
 */
export function rope(
  x: Tensor,
  table: Tensor,
  style: RopeStyle,
  { out }: OutOption = {},
): Tensor {
  const op = "rope";
  const turned = turn(x, table, style, 0, out);
  if (!x.requiresGrad) return turned;
  if (out !== undefined) forbidInPlace(op);
  return record(op, turned, [x], (gradient) => [turn(gradient.contiguous(), table, style, 1)]);
}

function turn(x: Tensor, table: Tensor, style: RopeStyle, inverse: 0 | 1, out?: Tensor): Tensor {
  const op = "rope";
  const code = codeOf(styleCodes, style, "style", op);
  const target = out === undefined ? 0 : handleOf(out, op);
  const handles = [handleOf(x, op), handleOf(table, op)] as const;
  return wrap(context().native.q_rope(...handles, code, inverse, target), op);
}

/**
 * Writes keys or values of new positions into a cache.
 *
 * @param cache f32, f16 or q8_0 `[keyValueHeads, capacity, headSize]`, changed
 * @param x f32 `[count, keyValueHeads, headSize]`
 * @param position where the first of them goes
 */
export function storeCache(cache: Tensor, x: Tensor, position: number): void {
  const op = "storeCache";
  const first = wholeNumber(position, "position", op);
  const { native } = context();
  context().check(native.q_store_cache(handleOf(cache, op), handleOf(x, op), first), op);
}

/**
 * Causal attention of new positions against a cache that holds them and everything before, with
 * grouped heads (Ainslie et al. 2023), without the matrix of scores (Dao et al. 2022).
 *
 * @param query f32 `[count, heads, headSize]`
 * @param keys f32, f16 or q8_0 `[keyValueHeads, capacity, headSize]`
 * @param values arranged as `keys`
 * @param position of the first query; query i sees positions 0 to `position + i`
 * @param scale multiplies the scores, usually `1 / sqrt(headSize)`
 * @returns f32 `[count, heads, headSize]`
 */
export function attention(
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  position: number,
  scale: number,
  { out }: OutOption = {},
): Tensor {
  const op = "attention";
  return wrap(
    context().native.q_attention(
      handleOf(query, op),
      handleOf(keys, op),
      handleOf(values, op),
      wholeNumber(position, "position", op),
      scale,
      out === undefined ? 0 : handleOf(out, op),
    ),
    op,
  );
}
