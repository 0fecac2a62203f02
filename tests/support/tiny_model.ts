/**
 * Language models of a few hundred weights in every format, for tests.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DType } from "../../lib/core/dtype.ts";
import { writeHuggingFaceConfig } from "../../lib/formats/huggingface_config.ts";
import { expectedTensors } from "../../lib/formats/tensor_names.ts";
import type { WritableTensor } from "../../lib/formats/tensor_writer.ts";
import type { ModelConfig } from "../../lib/formats/types.ts";
import { writeSafetensors } from "../../lib/formats/safetensors_writer.ts";
import { seededRandom } from "./random.ts";
import { encodeElements } from "./scalar_codec.ts";

/** As small as a Llama can be: one layer, heads of two elements. */
export const smallestConfig: ModelConfig = {
  architecture: "llama",
  vocabSize: 4,
  hiddenSize: 4,
  intermediateSize: 4,
  layerCount: 1,
  headCount: 2,
  keyValueHeadCount: 1,
  headSize: 2,
  contextLength: 4,
  normEpsilon: 1e-5,
  ropeBase: 10000,
  ropeStyle: "half",
  tiedEmbeddings: true,
  attentionBias: false,
};

/** Wide enough for quantized blocks, with rows that are no multiple of 16. */
export const quantizableConfig: ModelConfig = {
  ...smallestConfig,
  vocabSize: 20,
  hiddenSize: 32,
  intermediateSize: 40,
  layerCount: 2,
  headCount: 4,
  keyValueHeadCount: 2,
  headSize: 8,
  contextLength: 16,
  tiedEmbeddings: false,
};

/** A tensor with bytes that are known already. */
export function tensorOf(
  name: string,
  dtype: DType,
  shape: readonly number[],
  bytes: Uint8Array,
): WritableTensor {
  return { name, dtype, layout: "rows", shape, chunks: () => [bytes] };
}

/** Random weights for every tensor of the config, the same for the same seed. */
export function randomTensors(
  config: ModelConfig,
  dtype: DType = "f32",
  seed = 1,
): WritableTensor[] {
  const random = seededRandom(seed);
  return [...expectedTensors(config)].map(([name, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, () => 2 * random() - 1);
    const type = shape.length < 2 ? "f32" : dtype;
    return tensorOf(name, type, shape, encodeElements(values, type));
  });
}

/** Writes a Hugging Face folder with random weights; returns its path. */
export async function writeTinyFolder(
  folder: string,
  config: ModelConfig,
  dtype: DType = "f32",
): Promise<string> {
  mkdirSync(folder);
  const generation = { endTokens: [2], beginToken: 1 };
  const content = writeHuggingFaceConfig(
    { format: "huggingface", path: folder, config, tensors: new Map(), generation },
    "float32",
    folder,
  );
  writeFileSync(join(folder, "config.json"), JSON.stringify(content));
  const tensors = randomTensors(config, dtype);
  await writeSafetensors(join(folder, "model.safetensors"), new Map([["format", "pt"]]), tensors);
  return folder;
}

/** Bytes of a llama2.c checkpoint with random weights. */
export function llama2cBytes(config: ModelConfig, seed = 1): Uint8Array {
  const { hiddenSize, intermediateSize, layerCount, headCount, vocabSize } = config;
  const keyValueSize = config.keyValueHeadCount * config.headSize;
  const perLayer = 2 * hiddenSize + 2 * hiddenSize * hiddenSize + 2 * keyValueSize * hiddenSize +
    3 * hiddenSize * intermediateSize;
  const vocabulary = vocabSize * hiddenSize;
  const count = vocabulary + layerCount * perLayer + hiddenSize +
    config.contextLength * config.headSize + (config.tiedEmbeddings ? 0 : vocabulary);
  const random = seededRandom(seed);
  const header = Int32Array.of(
    hiddenSize,
    intermediateSize,
    layerCount,
    headCount,
    config.keyValueHeadCount,
    config.tiedEmbeddings ? vocabSize : -vocabSize,
    config.contextLength,
  );
  const bytes = new Uint8Array(28 + 4 * count);
  bytes.set(new Uint8Array(header.buffer));
  bytes.set(encodeElements(Float32Array.from({ length: count }, random), "f32"), 28);
  return bytes;
}
