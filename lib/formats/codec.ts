/**
 * What conversion needs from elsewhere: arithmetic on elements, and other forms of a tokenizer.
 *
 * `lib/formats` moves bytes. Rounding and quantizing is the native library's work, tokenizers are
 * `lib/tokenizer`'s; whoever calls `convert` hands both in.
 *
 * @module
 */

import type { DType } from "../core/dtype.ts";
import type { GgufMetadata, TokenizerSource } from "./types.ts";

/** Changes the dtype and the layout of a matrix's bytes. */
export interface TensorCodec {
  /**
   * Row-major bytes of another dtype: from any weight's to f32, f16, bf16, q8_0 or q4_0.
   *
   * Rounds to nearest, ties to even; quantizes as GGML's `quantize_row_*_ref` do.
   *
   * @param shape `[rows, columns]`
   */
  convert(bytes: Uint8Array, from: DType, to: DType, shape: readonly number[]): Uint8Array;
  /** Row-major quantized blocks in layout `rows16`, rows padded to a multiple of 16. */
  toRows16(bytes: Uint8Array, dtype: DType, shape: readonly number[]): Uint8Array;
  /** The reverse of {@linkcode TensorCodec.toRows16}, without the padding. */
  fromRows16(bytes: Uint8Array, dtype: DType, shape: readonly number[]): Uint8Array;
}

/** Brings a tokenizer into the form that a file format keeps it in. */
export interface TokenizerWriter {
  /** The bytes that `.qorus` files keep. */
  serialize(source: TokenizerSource): Uint8Array;
  /**
   * The `tokenizer.*` keys of GGUF with exactly `vocabSize` tokens, as llama.cpp wants it (models
   * whose matrices are padded need unused tokens); absent where they cannot be made.
   */
  toGguf?(source: TokenizerSource, vocabSize: number): GgufMetadata;
  /** Files of a Hugging Face folder by name; absent where they cannot be made. */
  toHuggingFace?(source: TokenizerSource): ReadonlyMap<string, Uint8Array>;
}
