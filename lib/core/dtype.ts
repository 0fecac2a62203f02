/**
 * Element types of tensors.
 *
 * @module
 */

/**
 * The name of an element type.
 *
 * `q8_0` and `q4_0` are GGML's block formats: 32 neighbouring elements of a row share one f16 scale
 * (34 and 18 bytes per block).
 */
export type DType = "f32" | "f16" | "bf16" | "q8_0" | "q4_0" | "i32" | "u8";

/** How many bytes a run of elements takes: `bytes` for every `elements` neighbours of a row. */
export interface DTypeInfo {
  /** The code that the native library and `.qorus` files use. */
  readonly code: number;
  /** Elements per block; 1 for plain types. */
  readonly blockElements: number;
  /** Bytes per block. */
  readonly blockBytes: number;
}

/** Code and block size of every dtype. */
export const dtypes: Readonly<Record<DType, DTypeInfo>> = {
  f32: { code: 0, blockElements: 1, blockBytes: 4 },
  f16: { code: 1, blockElements: 1, blockBytes: 2 },
  bf16: { code: 2, blockElements: 1, blockBytes: 2 },
  q8_0: { code: 3, blockElements: 32, blockBytes: 34 },
  q4_0: { code: 4, blockElements: 32, blockBytes: 18 },
  i32: { code: 5, blockElements: 1, blockBytes: 4 },
  u8: { code: 6, blockElements: 1, blockBytes: 1 },
};

/**
 * Bytes that a row-major tensor of this dtype and shape takes.
 *
 * The last dimension must be a multiple of the dtype's block size; {@linkcode Number.NaN} otherwise.
 */
export function byteLengthOf(dtype: DType, shape: readonly number[]): number {
  const { blockElements, blockBytes } = dtypes[dtype];
  const columns = shape.length === 0 ? 1 : shape[shape.length - 1];
  if (columns % blockElements !== 0) return Number.NaN;
  return (shape.reduce((product, size) => product * size, 1) / blockElements) * blockBytes;
}
