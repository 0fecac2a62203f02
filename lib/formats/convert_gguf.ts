/**
 * A checkpoint's hyper-parameters as GGUF metadata.
 *
 * @module
 */

import type { TokenizerWriter } from "./codec.ts";
import { ropeFactors } from "./rope_factors.ts";
import { ropeFactorsName } from "./tensor_names.ts";
import type { WritableTensor } from "./tensor_writer.ts";
import type {
  Checkpoint,
  GenerationDefaults,
  GgufMetadata,
  GgufValue,
  ModelConfig,
  TokenizerSource,
} from "./types.ts";

/**
 * `general.file_type` of llama.cpp (`llama_ftype`), of its mixtures of K-quants the medium ones.
 */
const fileTypes: Readonly<Record<string, number>> = {
  f32: 0,
  f16: 1,
  q4_0: 2,
  q8_0: 7,
  q4_k: 15,
  q5_k: 17,
  q6_k: 18,
  bf16: 32,
};

/** GGUF's word for the family; Mistral is a llama there. */
export function ggufArchitecture(config: ModelConfig): "llama" | "qwen2" {
  return config.architecture === "qwen2" ? "qwen2" : "llama";
}

const u32 = (value: number): GgufValue => ({ type: "u32", value });
const f32 = (value: number): GgufValue => ({ type: "f32", value });
const string = (value: string): GgufValue => ({ type: "string", value });

/** The type that most bytes of matrices have. */
function commonDType(tensors: readonly WritableTensor[]): string {
  const elements = new Map<string, number>();
  for (const { dtype, shape } of tensors) {
    if (shape.length < 2) continue;
    const count = shape.reduce((product, size) => product * size, 1);
    elements.set(dtype, (elements.get(dtype) ?? 0) + count);
  }
  return [...elements].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "f32";
}

/** Everything but the tokenizer. */
export function modelMetadata(
  { config, path, tokenizer }: Checkpoint,
  tensors: readonly WritableTensor[],
): Map<string, GgufValue> {
  const architecture = ggufArchitecture(config);
  const metadata = new Map<string, GgufValue>([["general.architecture", string(architecture)]]);
  const isGguf = tokenizer?.kind === "gguf" && tokenizer.path === path;
  for (const [key, value] of isGguf ? tokenizer.metadata : []) {
    const isOurs = /^general\.(architecture|alignment|file_type|quantization_version)$/.test(key);
    if (key.startsWith("general.") && !isOurs) metadata.set(key, value);
  }
  const dtype = commonDType(tensors);
  metadata.set("general.file_type", u32(fileTypes[dtype]));
  metadata.set("general.quantization_version", u32(2));
  const put = (key: string, value: GgufValue) => metadata.set(`${architecture}.${key}`, value);
  put("context_length", u32(config.contextLength));
  put("embedding_length", u32(config.hiddenSize));
  put("block_count", u32(config.layerCount));
  put("feed_forward_length", u32(config.intermediateSize));
  put("attention.head_count", u32(config.headCount));
  put("attention.head_count_kv", u32(config.keyValueHeadCount));
  put("attention.key_length", u32(config.headSize));
  put("attention.value_length", u32(config.headSize));
  put("attention.layer_norm_rms_epsilon", f32(config.normEpsilon));
  put("rope.dimension_count", u32(config.headSize));
  put("rope.freq_base", f32(config.ropeBase));
  if (config.ropeScaling?.type === "linear") {
    put("rope.scaling.type", string("linear"));
    put("rope.scaling.factor", f32(config.ropeScaling.factor));
  }
  put("vocab_size", u32(config.vocabSize));
  return metadata;
}

/** The tokenizer's keys: its own where it came from a GGUF file, else made by the writer. */
export function tokenizerMetadata(
  { config, generation, chatTemplate }: Checkpoint,
  source: TokenizerSource | undefined,
  writer: TokenizerWriter | undefined,
  warnings: string[],
): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  let made: GgufMetadata = new Map();
  if (source?.kind === "gguf") made = source.metadata;
  else if (source !== undefined && writer?.toGguf !== undefined) {
    made = writer.toGguf(source, config.vocabSize);
  } else warnings.push("the file has no tokenizer: give one with --tokenizer when using it");
  for (const [key, value] of made) if (key.startsWith("tokenizer.")) metadata.set(key, value);
  if (chatTemplate !== undefined) metadata.set("tokenizer.chat_template", string(chatTemplate));
  putTokenIds(metadata, generation, warnings);
  return metadata;
}

/** Adds the tokens that start and end a text where the tokenizer's keys do not have them yet. */
function putTokenIds(
  metadata: Map<string, GgufValue>,
  { beginToken, endTokens }: GenerationDefaults,
  warnings: string[],
): void {
  const endKeys = ["eos", "eot", "eom"].map((name) => `tokenizer.ggml.${name}_token_id`);
  const known = new Set(endKeys.map((key) => Number(metadata.get(key)?.value)));
  const missing = endTokens.filter((id) => !known.has(id));
  for (const key of endKeys.filter((key) => !metadata.has(key))) {
    const id = missing.shift();
    if (id !== undefined) metadata.set(key, u32(id));
  }
  if (missing.length > 0) {
    warnings.push(`GGUF has no place for the end tokens ${missing.join(", ")}`);
  }
  const beginKey = "tokenizer.ggml.bos_token_id";
  if (beginToken !== undefined && !metadata.has(beginKey)) metadata.set(beginKey, u32(beginToken));
}

/** The tensor of frequency divisors that llama.cpp wants for Llama 3's scaling. */
export function ropeFactorsTensor(config: ModelConfig): WritableTensor | undefined {
  const factors = ropeFactors(config);
  if (factors === undefined) return undefined;
  const values = Float32Array.from(factors);
  return {
    name: ropeFactorsName,
    dtype: "f32",
    layout: "rows",
    shape: [values.length],
    chunks: () => [new Uint8Array(values.buffer)],
  };
}
