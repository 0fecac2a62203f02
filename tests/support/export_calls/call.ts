/**
 * A valid call of an export, with what each argument stands for, and the making of its operands.
 *
 * @module
 */

import { full, tensor } from "../../../lib/core/creation.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import type { Native } from "../../../lib/native/abi.gen.ts";

/** What an export asks of a tensor. */
export interface Operand {
  /** The operand. */
  readonly tensor: Tensor;
  /**
   * `floats` takes f32 of any strides, `rows` contiguous f32, `indices` i32 of any strides,
   * `integers` contiguous i32, `weight` any contiguous matrix, `any` everything,
   * `cache` f32, f16 or q8_0; `out` contiguous writable f32.
   */
  readonly kind: "floats" | "rows" | "indices" | "integers" | "weight" | "any" | "cache" | "out";
  /** 0 stands for "none". */
  readonly optional: boolean;
  /** Another shape is as good: nothing else in the call depends on it. */
  readonly free: boolean;
}

/** A number, or a tensor that the call gets as its handle. */
export type Argument = number | Operand;

/** A valid call. */
export interface ExportCall {
  readonly name: keyof Native;
  readonly arguments: readonly Argument[];
  /** Written to the shared parameters before the call. */
  readonly sizes?: readonly number[];
}

export function operand(
  made: Tensor,
  kind: Operand["kind"],
  { optional = false, free = false } = {},
): Operand {
  return { tensor: made, kind, optional, free };
}

export const rows = (shape: number[], options?: { optional?: boolean; free?: boolean }) =>
  operand(full(shape, 0.5), "rows", options);
export const images = (shape: number[]) => rows(shape, { free: true });
export const floats = (shape: number[], options?: { free?: boolean }) =>
  operand(full(shape, 0.5), "floats", options);
export const out = (shape: number[]) => operand(full(shape, 0), "out", { optional: true });
export const target = (shape: number[]) => operand(full(shape, 0), "out");
export const weight = (shape: number[], options?: { free?: boolean }) =>
  operand(full(shape, 0.5), "weight", options);
export const integers = (values: number[], options?: { optional?: boolean; free?: boolean }) =>
  operand(tensor(new Int32Array(values)), "integers", options);
export const indices = (values: number[][], options?: { free?: boolean }) =>
  operand(tensor(values, { dtype: "i32" }), "indices", options);
export const any = (shape: number[]) => operand(full(shape, 0.5), "any", { free: true });
export const cache = (options?: { free?: boolean }) =>
  operand(full([2, 9, 4], 0.5), "cache", options);

/** f32 numbers as the words in which parameters hold them. */
export function floatWords(values: readonly number[]): number[] {
  return [...new Uint32Array(Float32Array.from(values).buffer)];
}
