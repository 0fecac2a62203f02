/**
 * Converting models between file formats and element types.
 *
 * @module
 */

import { openCheckpoint } from "../formats/checkpoint.ts";
import type { TokenizerWriter } from "../formats/codec.ts";
import { convert, type ConvertOptions, type ConvertReport } from "../formats/convert.ts";
import type { GgufMetadata, GgufValue } from "../formats/types.ts";
import { QorusError } from "../native/error.ts";
import { loadTokenizer } from "../tokenizer/load.ts";
import { serializeTokenizer } from "../tokenizer/serialize.ts";
import { toGgufMetadata } from "../tokenizer/to_gguf.ts";
import { toTokenizerConfig, toTokenizerJson } from "../tokenizer/to_tokenizer_json.ts";
import { nativeCodec } from "./codec.ts";
import { tokenizerSource } from "./load.ts";

/** How {@linkcode convertModel} converts. */
export interface ConvertModelOptions
  extends Pick<ConvertOptions, "dtype" | "onProgress" | "provenance" | "signal"> {
  /** A tokenizer's file, for models without one inside or to replace it. */
  tokenizer?: string;
}

/**
 * Converts a language model into another format, another element type, or both. The output's name
 * decides the format: `.qorus`, `.gguf`, `.safetensors`, or a folder in Hugging Face's form.
 *
 * An interrupted conversion leaves nothing under the output's name.
 *
 * @throws {QorusError} naming file and field when the input is not valid, `unsupported` when the
 * output cannot hold the model, `aborted` when the signal ends it.
 *
 * @example
 * ```ts
 * import { convertModel } from "@qorus/qorus";
 *
 * await convertModel("SmolLM2-135M", "smollm2-q4.qorus", { dtype: "q4_0" });
 * ```
 */
export function convertModel(
  input: string,
  output: string,
  options: ConvertModelOptions = {},
): Promise<ConvertReport> {
  const { dtype, onProgress, provenance, signal } = options;
  return convert(input, output, {
    dtype,
    onProgress,
    provenance,
    signal,
    codec: nativeCodec,
    tokenizerWriter,
    tokenizer: findTokenizer(input, options.tokenizer),
  });
}

/** The tokenizer for the output; a model without any converts all the same. */
function findTokenizer(input: string, path?: string): ConvertOptions["tokenizer"] {
  try {
    return tokenizerSource(openCheckpoint(input), path);
  } catch (error) {
    if (error instanceof QorusError && error.field === "tokenizer") return undefined;
    throw error;
  }
}

const encoder = new TextEncoder();

/** Brings tokenizers into every form that a format keeps them in. */
export const tokenizerWriter: TokenizerWriter = {
  serialize: (source) => serializeTokenizer(loadTokenizer(source).definition),
  toGguf: (source, vocabSize) =>
    padTokens(toGgufMetadata(loadTokenizer(source).definition), vocabSize),
  toHuggingFace: (source) => {
    const { definition } = loadTokenizer(source);
    return new Map([
      ["tokenizer.json", encoder.encode(toTokenizerJson(definition))],
      ["tokenizer_config.json", encoder.encode(JSON.stringify(toTokenizerConfig(definition)))],
    ]);
  },
};

/** GGUF's mark for tokens that are never used. */
const unusedTokenType = 5;

/** Adds unused tokens up to the rows of the embedding, which GGUF's readers count on. */
function padTokens(metadata: GgufMetadata, vocabSize: number): GgufMetadata {
  const padded = new Map<string, GgufValue>(metadata);
  const extend = (key: string, fill: (values: ArrayLike<unknown>) => GgufValue) => {
    const entry = padded.get(key);
    if (entry?.type === "array" && entry.value.length < vocabSize) {
      padded.set(key, fill(entry.value));
    }
  };
  const at = (values: ArrayLike<unknown>, i: number, rest: number) =>
    i < values.length ? Number(values[i]) : rest;
  const length = vocabSize;
  extend("tokenizer.ggml.tokens", (values) => ({
    type: "array",
    element: "string",
    value: Array.from({ length }, (_, i) => i < values.length ? String(values[i]) : `[PAD${i}]`),
  }));
  extend("tokenizer.ggml.scores", (values) => ({
    type: "array",
    element: "f32",
    value: Float32Array.from({ length }, (_, i) => at(values, i, 0)),
  }));
  extend("tokenizer.ggml.token_type", (values) => ({
    type: "array",
    element: "i32",
    value: Int32Array.from({ length }, (_, i) => at(values, i, unusedTokenType)),
  }));
  return padded;
}
