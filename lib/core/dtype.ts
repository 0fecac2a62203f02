/**
 * Element types of tensors.
 *
 * @module
 */

/**
 * The name of an element type.
 *
 * The quantized ones are GGML's block formats. In `q8_0` and `q4_0`, 32 neighbouring elements of a
 * row share one f16 scale (34 and 18 bytes per block). `q4_k`, `q5_k` and `q6_k` are its K-quants,
 * blocks of 256 with scales in two steps (144, 176 and 210 bytes); they are read, never made.
 */
export type DType =
  | "f32"
  | "f16"
  | "bf16"
  | "q8_0"
  | "q4_0"
  | "i32"
  | "u8"
  | "q4_k"
  | "q5_k"
  | "q6_k";

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
  q4_k: { code: 7, blockElements: 256, blockBytes: 144 },
  q5_k: { code: 8, blockElements: 256, blockBytes: 176 },
  q6_k: { code: 9, blockElements: 256, blockBytes: 210 },
};

/** Whether elements share blocks with a scale. */
export function isQuantized(dtype: DType): boolean {
  return dtypes[dtype].blockElements > 1;
}

/**
 * Bytes that a row-major tensor of this dtype and shape takes.
 *
 * The last dimension must be a multiple of the dtype's block size; {@linkcode Number.NaN}
 * otherwise.
 */
export function byteLengthOf(dtype: DType, shape: readonly number[]): number {
  const { blockElements, blockBytes } = dtypes[dtype];
  const columns = shape.length === 0 ? 1 : shape[shape.length - 1];
  if (columns % blockElements !== 0) return Number.NaN;
  return (shape.reduce((product, size) => product * size, 1) / blockElements) * blockBytes;
}
