/**
 * Reads checkpoints of llama2.c (the first, headerless version: `stories15M.bin` and the like).
 *
 * Seven int32, then all weights as float32 one after the other.
 * Reference: `memory_map_weights` in https://github.com/karpathy/llama2.c/blob/master/run.c
 *
 * @module
 */

import { FileReader } from "./file.ts";
import { invalidFile, unsupportedFile } from "./file_error.ts";
import { checkConfig, selectTensors } from "./model_config.ts";
import type { Checkpoint, ModelConfig, StoredTensor } from "./types.ts";

const headerBytes = 28;
const floatBytes = 4;
/** First bytes of llama2.c's newer versions, as a little-endian integer. */
const newerMagic = 0x616b3432;

/** llama2.c's tokenizers: 1 starts a text and, in its training data, separates two; 2 ends one. */
const beginToken = 1;
const endToken = 2;

/** One run of floats in the file: a tensor for each of `count` layers, or one. */
interface Run {
  readonly count: number;
  readonly shape: readonly number[];
  /** Name for a layer; undefined for what nobody reads (tables of sines and cosines). */
  readonly name?: (layer: number) => string;
}

function readConfig(file: FileReader): ModelConfig {
  const { path } = file;
  const bytes = file.read(0, headerBytes, "header");
  const view = new DataView(bytes.buffer);
  if (view.getUint32(0, true) === newerMagic) {
    throw unsupportedFile(path, "magic", "belongs to a newer version of llama2.c's files", {
      given: "ak42",
      hint: "Export it with `export.py --version 0`, or as a Hugging Face folder.",
    });
  }
  const at = (index: number): number => view.getInt32(index * 4, true);
  const hiddenSize = at(0);
  const headCount = at(3);
  const vocabulary = at(5);
  const headSize = hiddenSize / headCount;
  if (!Number.isSafeInteger(headSize)) {
    throw invalidFile(path, "heads", "do not divide the width", {
      given: headCount,
      expected: `a divisor of ${hiddenSize}`,
    });
  }
  return checkConfig({
    architecture: "llama",
    vocabSize: Math.abs(vocabulary),
    hiddenSize,
    intermediateSize: at(1),
    layerCount: at(2),
    headCount,
    keyValueHeadCount: at(4),
    headSize,
    contextLength: at(6),
    // run.c has both as constants.
    normEpsilon: 1e-5,
    ropeBase: 10000,
    ropeStyle: "neighbouring",
    tiedEmbeddings: vocabulary > 0,
    attentionBias: false,
  }, path);
}

function layout(config: ModelConfig): Run[] {
  const { hiddenSize, intermediateSize, layerCount: count } = config;
  const keyValueSize = config.keyValueHeadCount * config.headSize;
  const inLayer = (rest: string) => (layer: number): string => `model.layers.${layer}.${rest}`;
  const table: Run = { count: 1, shape: [config.contextLength, config.headSize / 2] };
  const square = [hiddenSize, hiddenSize];
  const keyValue = [keyValueSize, hiddenSize];
  const vocabulary = [config.vocabSize, hiddenSize];
  const widen = [intermediateSize, hiddenSize];
  const runs: Run[] = [
    { count: 1, shape: vocabulary, name: () => "model.embed_tokens.weight" },
    { count, shape: [hiddenSize], name: inLayer("input_layernorm.weight") },
    { count, shape: square, name: inLayer("self_attn.q_proj.weight") },
    { count, shape: keyValue, name: inLayer("self_attn.k_proj.weight") },
    { count, shape: keyValue, name: inLayer("self_attn.v_proj.weight") },
    { count, shape: square, name: inLayer("self_attn.o_proj.weight") },
    { count, shape: [hiddenSize], name: inLayer("post_attention_layernorm.weight") },
    { count, shape: widen, name: inLayer("mlp.gate_proj.weight") },
    { count, shape: [hiddenSize, intermediateSize], name: inLayer("mlp.down_proj.weight") },
    { count, shape: widen, name: inLayer("mlp.up_proj.weight") },
    { count: 1, shape: [hiddenSize], name: () => "model.norm.weight" },
    table,
    table,
  ];
  if (!config.tiedEmbeddings) {
    runs.push({ count: 1, shape: vocabulary, name: () => "lm_head.weight" });
  }
  return runs;
}

function bytesOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, floatBytes);
}

/**
 * Opens a llama2.c checkpoint.
 *
 * The format has no magic and no names, so the file's size must be exactly what its seven numbers
 * ask for; throws `invalid_file` otherwise, `unsupported` for the newer versions. The tokenizer is
 * a file of its own (`tokenizer.bin`).
 *
 * @example
 * ```ts
 * const { config, tensors } = openLlama2c("stories15M.bin");
 * ```
 */
export function openLlama2c(path: string): Checkpoint {
  using file = FileReader.open(path);
  const config = readConfig(file);
  const runs = layout(config);
  const size = runs.reduce((sum, run) => sum + run.count * bytesOf(run.shape), headerBytes);
  if (size !== file.size) {
    throw invalidFile(path, "size", "is not what the header asks for", {
      given: file.size,
      expected: size,
      hint: "It is truncated, or no llama2.c checkpoint.",
    });
  }
  const stored = new Map<string, StoredTensor>();
  let offset = headerBytes;
  for (const { count, shape, name } of runs) {
    const byteLength = bytesOf(shape);
    for (let layer = 0; layer < count && name !== undefined; layer += 1) {
      stored.set(name(layer), {
        name: name(layer),
        storedType: "F32",
        dtype: "f32",
        shape,
        layout: "rows",
        path,
        offset: offset + layer * byteLength,
        byteLength,
      });
    }
    offset += count * byteLength;
  }
  return {
    format: "llama2c",
    path,
    config,
    tensors: selectTensors(stored, config, path),
    generation: { beginToken, endTokens: [endToken, beginToken] },
  };
}
