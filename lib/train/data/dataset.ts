/**
 * What a data set is: samples of named fields that can be asked for by number.
 *
 * @module
 */

import type { DType } from "../../core/dtype.ts";

/** One field of a sample, such as an image or its label. */
export interface Field {
  /** Shape of one sample, without the batch: `[784]`; `[]` for a single number. */
  readonly shape: readonly number[];
  /** Type of the elements. */
  readonly dtype: DType & ("f32" | "i32" | "u8");
}

/** Fields of each sample by name. */
export type Fields<Name extends string = string> = Readonly<Record<Name, Field>>;

/** Memory of one field of one sample: a view into the batch's tensor. */
export type FieldMemory = Float32Array | Int32Array | Uint8Array;

/** One sample's memory: an array for each field, as long as the field's shape says. */
export type SampleMemory<Name extends string = string> = Readonly<Record<Name, FieldMemory>>;

/**
 * Samples by number. A data set writes a sample straight into the memory of the batch's tensors, so
 * that loading makes no garbage.
 *
 * @example
 * ```ts
 * import type { train } from "@qorus/qorus";
 *
 * const squares: train.Dataset<"x" | "y"> = {
 *   length: 100,
 *   fields: { x: { shape: [1], dtype: "f32" }, y: { shape: [1], dtype: "f32" } },
 *   write(index, { x, y }) {
 *     x[0] = index / 100;
 *     y[0] = x[0] ** 2;
 *   },
 * };
 * ```
 */
export interface Dataset<Name extends string = string> {
  /** How many samples there are. */
  readonly length: number;
  /** Fields of each sample by name. */
  readonly fields: Fields<Name>;
  /** Writes sample `index`, from 0 to `length - 1`, into `sample`. */
  write(index: number, sample: SampleMemory<Name>): void;
}
