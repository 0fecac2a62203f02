/**
 * Steps of a network that only computes: several operations in one call of the native library, some
 * of which change their operands. None of them records gradients.
 *
 * @module
 */

import { wholeNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { isRecording } from "../core/gradient.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import type { RopeStyle } from "./attention.ts";

/** A matrix `[rows, columns]` of any float or quantized dtype, and its bias f32 `[rows]`. */
export interface WeightAndBias {
  /** The matrix. */
  readonly weight: Tensor;
  /** Added to every product. */
  readonly bias?: Tensor;
}

/**
 * Products of the same rows with two or three weights: what `linear` gives for each. Quantized
 * weights share the rows' quantization.
 *
 * @param x f32 `[..., columns]`
 * @returns f32 `[..., rows]` for each weight
 */
export function linears(x: Tensor, weights: readonly WeightAndBias[]): Tensor[] {
  const op = "linears";
  if (isRecording()) forbidRecording(op, [x, ...weights.map(({ weight }) => weight)]);
  if (weights.length < 2 || weights.length > 3) {
    throw new QorusError(
      "invalid_argument",
      `linears: ${weights.length} weights are given, expected two or three`,
      { op, given: weights.length },
    );
  }
  const [a, b, c] = weights;
  const { native, parameters } = context();
  const first = native.q_linears(
    handleOf(x, op),
    handleOf(a.weight, op),
    handleOf(b.weight, op),
    c === undefined ? 0 : handleOf(c.weight, op),
    biasOf(a, op),
    biasOf(b, op),
    c === undefined ? 0 : biasOf(c, op),
  );
  const made = [wrap(first, op)];
  for (let i = 1; i < weights.length; i++) made.push(wrap(parameters[i], op));
  return made;
}

/**
 * `silu(x @ gate^T) * (x @ up^T)`: the upper half of a SwiGLU network (Shazeer 2020), without
 * writing the two products to memory.
 *
 * @param x f32 `[..., columns]`
 * @param gate `[rows, columns]`
 * @param up shaped like the gate
 * @returns f32 `[..., rows]`
 */
export function gatedLinear(x: Tensor, gate: WeightAndBias, up: WeightAndBias): Tensor {
  const op = "gatedLinear";
  if (isRecording()) forbidRecording(op, [x, gate.weight, up.weight]);
  return wrap(
    context().native.q_gated_linear(
      handleOf(x, op),
      handleOf(gate.weight, op),
      handleOf(up.weight, op),
      biasOf(gate, op),
      biasOf(up, op),
    ),
    op,
  );
}

/**
 * Adds `x @ weight^T + bias` to a residual stream.
 *
 * @param residual f32 `[..., rows]`, changed
 * @param x f32 `[..., columns]`
 */
export function addLinear(residual: Tensor, x: Tensor, weight: WeightAndBias): void {
  const op = "addLinear";
  if (isRecording()) forbidRecording(op, [residual, x, weight.weight]);
  const { native } = context();
  const operands = [handleOf(residual, op), handleOf(x, op), handleOf(weight.weight, op)] as const;
  context().check(native.q_add_linear(...operands, biasOf(weight, op)), op);
}

/** What a layer of attention computes out of new rows. */
export interface NewRows {
  /** f32 `[queryCount, heads * headSize]`, for the last of the rows; becomes the result. */
  readonly query: Tensor;
  /** f32 `[count, keyValueHeads * headSize]`, changed. */
  readonly key: Tensor;
  /** Shaped like the key. */
  readonly value: Tensor;
  /** Angles from `ropeTable` for all rows; queries and keys are turned by them, if given. */
  readonly ropeTable?: Tensor;
  /** Which elements are turned together. */
  readonly ropeStyle?: RopeStyle;
}

/** Cached keys and values: f32, f16 or q8_0 `[keyValueHeads, capacity, headSize]`, changed. */
export interface KeysAndValues {
  /** Keys of all positions. */
  readonly keys: Tensor;
  /** Arranged as the keys. */
  readonly values: Tensor;
}

/**
 * Turns new queries and keys by their rotary angles, writes keys and values into a cache from
 * `position` on, and lets each query attend to everything up to itself, scaled by
 * `1 / sqrt(headSize)`. See `rope`, `storeCache` and `attention`.
 *
 * @returns `rows.query`, which holds the result
 */
export function cachedAttention(rows: NewRows, cache: KeysAndValues, position: number): Tensor {
  const op = "cachedAttention";
  if (isRecording()) forbidRecording(op, [rows.query, rows.key, rows.value]);
  const first = wholeNumber(position, "position", op);
  const { native } = context();
  context().check(native.q_cached_attention(...operandsOf(rows, cache, op), first), op);
  return rows.query;
}

/**
 * As {@linkcode cachedAttention}, for rows of several sequences.
 *
 * @param cache `[slots, keyValueHeads, capacity, headSize]`, or that of slot 0 alone
 * @param places i32 `[count, 2]`: slot and position of each row, ascending
 * @returns `rows.query`, which holds the result
 */
export function cachedAttentionRows(rows: NewRows, cache: KeysAndValues, places: Tensor): Tensor {
  const op = "cachedAttentionRows";
  if (isRecording()) forbidRecording(op, [rows.query, rows.key, rows.value]);
  const { native } = context();
  const operands = operandsOf(rows, cache, op);
  context().check(native.q_cached_attention_rows(...operands, handleOf(places, op)), op);
  return rows.query;
}

function operandsOf(
  { query, key, value, ropeTable, ropeStyle }: NewRows,
  { keys, values }: KeysAndValues,
  op: string,
): [number, number, number, number, number, number, number] {
  return [
    handleOf(query, op),
    handleOf(key, op),
    handleOf(value, op),
    ropeTable === undefined || ropeStyle === undefined ? 0 : handleOf(ropeTable, op),
    ropeStyle === "half" ? 1 : 0,
    handleOf(keys, op),
    handleOf(values, op),
  ];
}

function biasOf({ bias }: WeightAndBias, op: string): number {
  return bias === undefined ? 0 : handleOf(bias, op);
}

function forbidRecording(op: string, operands: readonly Tensor[]): void {
  if (!operands.some(({ requiresGrad }) => requiresGrad)) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: it records no gradients: use the operations that it is made of, or compute inside ` +
      "noGrad()",
    { op },
  );
}
