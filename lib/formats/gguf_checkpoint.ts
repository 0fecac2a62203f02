/**
 * Understands a GGUF file as a language model.
 *
 * Reference: `llama_model::load_hparams` in llama.cpp and the keys of gguf-py's constants.py.
 *
 * @module
 */

import { FileReader } from "./file.ts";
import { invalidFile, unsupportedFile } from "./file_error.ts";
import { readGguf } from "./gguf.ts";
import type { GgufFile } from "./gguf.ts";
import { checkConfig, selectTensors } from "./model_config.ts";
import { fromGgufName, ropeFactorsName, toGgufName } from "./tensor_names.ts";
import type {
  Checkpoint,
  GenerationDefaults,
  GgufMetadata,
  GgufValue,
  ModelConfig,
  RopeScaling,
  StoredTensor,
} from "./types.ts";

/** Values of `general.architecture` that Qorus reads, and how they order rotary pairs. */
const architectures: ReadonlyMap<string, ModelConfig["ropeStyle"]> = new Map([
  ["llama", "neighbouring"],
  ["qwen2", "half"],
]);

/** Shortest decimal fraction that is this float32: 1e-5 instead of 0.000009999999747378752. */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 10; digits += 1) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return value;
}

/** Typed access to GGUF metadata; throws `invalid_file` where a value has another type. */
class MetadataReader {
  readonly #metadata: GgufMetadata;
  readonly #path: string;

  constructor(metadata: GgufMetadata, path: string) {
    this.#metadata = metadata;
    this.#path = path;
  }

  #wrong(key: string, value: GgufValue | undefined, expected: string): Error {
    return invalidFile(
      this.#path,
      key,
      value === undefined ? "is missing" : "has another type",
      { given: value?.type, expected },
    );
  }

  has(key: string): boolean {
    return this.#metadata.has(key);
  }

  number(key: string, absent?: number): number {
    const value = this.#metadata.get(key);
    if (value === undefined && absent !== undefined) return absent;
    if (value === undefined) throw this.#wrong(key, value, "a number");
    switch (value.type) {
      case "f32":
        return shortestFloat32(value.value);
      case "u64":
      case "i64":
        return Number(value.value);
      case "array":
        throw unsupportedFile(this.#path, key, "differs between layers, which Qorus cannot do");
      case "string":
      case "bool":
        throw this.#wrong(key, value, "a number");
      default:
        return value.value;
    }
  }

  string(key: string): string | undefined {
    const value = this.#metadata.get(key);
    if (value === undefined || value.type === "string") return value?.value;
    throw this.#wrong(key, value, "a text");
  }

  arrayLength(key: string): number | undefined {
    const value = this.#metadata.get(key);
    if (value === undefined || value.type === "array") return value?.value.length;
    throw this.#wrong(key, value, "an array");
  }
}

/**
 * Opens a GGUF file as a language model.
 *
 * Throws `unsupported` for architectures, element types and options that Qorus does not compute,
 * `invalid_file` for files that contradict themselves.
 *
 * @example
 * ```ts
 * const { config, tensors, tokenizer } = openGguf("model.gguf");
 * ```
 */
export function openGguf(path: string): Checkpoint {
  const file = readGguf(path);
  const metadata = new MetadataReader(file.metadata, path);
  const config = readConfig(file, metadata);
  const stored = new Map<string, StoredTensor>();
  for (const [name, tensor] of file.tensors) {
    const ours = fromGgufName(name);
    if (ours !== undefined) stored.set(ours, tensor);
  }
  const hasTokenizer = metadata.has("tokenizer.ggml.model");
  return {
    format: "gguf",
    path,
    config,
    tensors: selectTensors(stored, config, path, toGgufName),
    tokenizer: hasTokenizer ? { kind: "gguf", metadata: file.metadata, path } : undefined,
    generation: readGeneration(metadata),
    chatTemplate: metadata.string("tokenizer.chat_template"),
  };
}

function readConfig(file: GgufFile, metadata: MetadataReader): ModelConfig {
  const { path, tensors } = file;
  const architecture = metadata.string("general.architecture") ?? "";
  const ropeStyle = architectures.get(architecture);
  if (ropeStyle === undefined) {
    throw unsupportedFile(path, "general.architecture", "is not one Qorus computes", {
      given: architecture,
      expected: [...architectures.keys()].join(" or "),
    });
  }
  const number = (key: string, absent?: number) =>
    metadata.number(`${architecture}.${key}`, absent);
  refuseOptions(metadata, architecture, path);
  const hiddenSize = number("embedding_length");
  const headCount = number("attention.head_count");
  const headSize = number("attention.key_length", hiddenSize / headCount);
  checkHeads(metadata, architecture, headSize, path);
  const rows = tensors.get("token_embd.weight")?.shape[0] ?? 0;
  const vocabSize = metadata.arrayLength("tokenizer.ggml.tokens") ?? number("vocab_size", rows);
  return checkConfig({
    architecture,
    vocabSize,
    hiddenSize,
    intermediateSize: number("feed_forward_length"),
    layerCount: number("block_count"),
    headCount,
    keyValueHeadCount: number("attention.head_count_kv", headCount),
    headSize,
    contextLength: number("context_length"),
    normEpsilon: number("attention.layer_norm_rms_epsilon"),
    ropeBase: number("rope.freq_base", 10000),
    ropeStyle,
    ...readRopeScaling(file, metadata, architecture, headSize),
    tiedEmbeddings: !tensors.has("output.weight"),
    attentionBias: tensors.has("blk.0.attn_q.bias"),
  }, path);
}

function refuseOptions(metadata: MetadataReader, architecture: string, path: string): void {
  if (metadata.number("split.count", 0) > 1) {
    throw unsupportedFile(path, "split.count", "the model is split over several files", {
      given: metadata.number("split.count"),
      hint: "Join them with `llama-gguf-split --merge`.",
    });
  }
  const experts = `${architecture}.expert_count`;
  if (metadata.number(experts, 0) > 0) {
    throw unsupportedFile(path, experts, "is a mixture of experts, which Qorus does not compute", {
      given: metadata.number(experts),
    });
  }
}

function checkHeads(
  metadata: MetadataReader,
  architecture: string,
  headSize: number,
  path: string,
): void {
  for (const key of ["attention.value_length", "rope.dimension_count"]) {
    const size = metadata.number(`${architecture}.${key}`, headSize);
    if (size === headSize) continue;
    throw unsupportedFile(path, `${architecture}.${key}`, "differs from the size of a head", {
      given: size,
      expected: headSize,
    });
  }
}

function readRopeScaling(
  file: GgufFile,
  metadata: MetadataReader,
  architecture: string,
  headSize: number,
): { ropeScaling?: RopeScaling } {
  const key = `${architecture}.rope.scaling.type`;
  const type = metadata.string(key) ?? "none";
  const tensor = file.tensors.get(ropeFactorsName);
  if (type !== "none" && type !== "linear") {
    throw unsupportedFile(file.path, key, "is not one Qorus computes", {
      given: type,
      expected: "none or linear",
    });
  }
  const factor = type === "linear" ? metadata.number(`${architecture}.rope.scaling.factor`) : 1;
  if (tensor === undefined) {
    return factor === 1 ? {} : { ropeScaling: { type: "linear", factor } };
  }
  if (factor !== 1) {
    throw unsupportedFile(file.path, key, `is used together with ${ropeFactorsName}`, {
      given: type,
      expected: "only one of the two",
    });
  }
  if (tensor.dtype !== "f32" || tensor.shape.length !== 1 || tensor.shape[0] !== headSize / 2) {
    throw invalidFile(file.path, ropeFactorsName, "has another type or shape", {
      given: `${tensor.storedType} [${tensor.shape}]`,
      expected: `F32 [${headSize / 2}]`,
    });
  }
  using reader = FileReader.open(file.path);
  const bytes = reader.read(tensor.offset, tensor.byteLength, ropeFactorsName);
  return { ropeScaling: { type: "factors", factors: [...new Float32Array(bytes.buffer)] } };
}

function readGeneration(metadata: MetadataReader): GenerationDefaults {
  const endTokens = new Set<number>();
  for (const name of ["eos", "eot", "eom"]) {
    const key = `tokenizer.ggml.${name}_token_id`;
    if (metadata.has(key)) endTokens.add(metadata.number(key));
  }
  const begin = "tokenizer.ggml.bos_token_id";
  return {
    endTokens: [...endTokens],
    beginToken: metadata.has(begin) ? metadata.number(begin) : undefined,
  };
}
