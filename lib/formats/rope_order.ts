/**
 * The two orders of rows in query and key projections.
 *
 * Rotary embedding turns pairs of elements of a head. Hugging Face pairs element i with i + n/2
 * (`half`), llama2.c and GGUF's llama pair 2i with 2i + 1 (`neighbouring`); the weights are the
 * same except for the order of rows inside each head.
 *
 * Reference: `permute` in llama.cpp's convert_hf_to_gguf.py; Su et al., RoFormer, arXiv:2104.09864.
 *
 * @module
 */

import type { ModelConfig } from "./types.ts";

/** One of the two orders. */
export type RopeStyle = ModelConfig["ropeStyle"];

/**
 * The row of the other order that becomes row `row` of order `target`; `headSize` is even.
 *
 * @example
 * ```ts
 * sourceRow("half", 8, 1); // 2: the first element of the second neighbouring pair
 * ```
 */
export function sourceRow(target: RopeStyle, headSize: number, row: number): number {
  const inHead = row % headSize;
  const head = row - inHead;
  const half = headSize / 2;
  if (target === "half") {
    return head + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
  }
  return head + (inHead % 2 === 0 ? inHead / 2 : (inHead - 1) / 2 + half);
}

/**
 * Brings whole heads of rows, `rowBytes` bytes each, from the other order into order `target`.
 *
 * Rows of any dtype can be moved, block-quantized ones too, as long as they are in layout `rows`.
 */
export function reorderRows(
  bytes: Uint8Array,
  rowBytes: number,
  headSize: number,
  target: RopeStyle,
): Uint8Array {
  const result = new Uint8Array(bytes.byteLength);
  const rows = bytes.byteLength / rowBytes;
  for (let row = 0; row < rows; row += 1) {
    const source = sourceRow(target, headSize, row) * rowBytes;
    result.set(bytes.subarray(source, source + rowBytes), row * rowBytes);
  }
  return result;
}
