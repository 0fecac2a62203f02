/**
 * The layout `rows16`: quantized blocks of 16 neighbouring rows interleaved for vector kernels.
 *
 * docs/format.md has it byte by byte.
 *
 * @module
 */

import type { DType } from "../core/dtype.ts";
import { dtypes, isQuantized } from "../core/dtype.ts";

/** Rows that are interleaved. */
export const rowsPerGroup = 16;

/** Whether the layout exists for this dtype and shape: quantized, two sizes, whole blocks. */
export function hasRows16(dtype: DType, shape: readonly number[]): boolean {
  const { blockElements } = dtypes[dtype];
  return isQuantized(dtype) && shape.length === 2 && shape[1] % blockElements === 0;
}

/**
 * Bytes of a `[rows, columns]` matrix in the layout, padding rows included.
 *
 * {@linkcode Number.NaN} where the layout does not exist for the dtype and shape.
 */
export function rows16ByteLength(dtype: DType, shape: readonly number[]): number {
  if (!hasRows16(dtype, shape)) return Number.NaN;
  const { blockElements, blockBytes } = dtypes[dtype];
  const groups = Math.ceil(shape[0] / rowsPerGroup);
  return groups * rowsPerGroup * (shape[1] / blockElements) * blockBytes;
}
