/**
 * Writes Llama-shaped GGUF files with random weights, to measure speed with.
 *
 * @module
 */

import { byteLengthOf, dtypes, isQuantized } from "../../lib/core/dtype.ts";
import { Random } from "../../lib/core/random.ts";
import { modelMetadata } from "../../lib/formats/convert_gguf.ts";
import type { WeightDType } from "../../lib/formats/convert_tensor.ts";
import { writeGguf } from "../../lib/formats/gguf_writer.ts";
import { expectedTensors, toGgufName } from "../../lib/formats/tensor_names.ts";
import type { WritableTensor, WriteOptions } from "../../lib/formats/tensor_writer.ts";
import type { Checkpoint, GgufMetadata, GgufValue, ModelConfig } from "../../lib/formats/types.ts";
import { pieceTypes, spaceSymbol } from "../../lib/tokenizer/definition.ts";
import { type KQuant, mixedType, setScales } from "./random_k_quants.ts";

const shared = {
  architecture: "llama",
  hiddenSize: 2048,
  headCount: 32,
  headSize: 64,
  normEpsilon: 1e-5,
  ropeStyle: "neighbouring",
  attentionBias: false,
} as const;

/** Shapes by name: those of TinyLlama 1.1B and of Llama 3.2 1B. */
export const shapes = {
  "1.1b": {
    ...shared,
    vocabSize: 32000,
    intermediateSize: 5632,
    layerCount: 22,
    keyValueHeadCount: 4,
    contextLength: 2048,
    ropeBase: 10000,
    tiedEmbeddings: false,
  },
  "1b-128k": {
    ...shared,
    vocabSize: 128256,
    intermediateSize: 8192,
    layerCount: 16,
    keyValueHeadCount: 8,
    contextLength: 8192,
    ropeBase: 500000,
    tiedEmbeddings: true,
  },
} as const satisfies Record<string, ModelConfig>;

/** The name of a shape. */
export type ShapeName = keyof typeof shapes;

/** What the matrices of a model can be made of: one type, or one of llama.cpp's mixtures. */
export const modelDTypes = [
  "q4_0",
  "q8_0",
  "q4_k_m",
  "q5_k_m",
  "f16",
  "bf16",
  "f32",
] as const;

/** What the matrices of a model are made of. */
export type ModelDType = typeof modelDTypes[number];

/**
 * Standard deviation of the weights, GPT-2's: with 2,048 columns and normalized inputs, outputs
 * are about as large as inputs, so that nothing overflows however deep the model is.
 */
const deviation = 0.02;
/**
 * Blocks of up to 32 elements, or elements of plain types, that are made at random; matrices repeat
 * them. Of K-quants, whose blocks have 256, there are an eighth as many.
 */
const poolCount = 2 ** 17;

function poolBlocks(dtype: PoolDType): number {
  return dtypes[dtype].blockElements === 256 ? poolCount / 8 : poolCount;
}

type PoolDType = WeightDType | KQuant;

/** Bits of a positive half-precision number, the fraction cut off; for normal numbers only. */
function halfBits(value: number): number {
  const exponent = Math.floor(Math.log2(value));
  return ((exponent + 15) << 10) | Math.floor((value / 2 ** exponent - 1) * 1024);
}

/** Scale of blocks whose integers are uniform over `levelCount` values. */
function blockScale(levelCount: number): number {
  return deviation * Math.sqrt(12) / levelCount;
}

/** Random bytes, in which every run of whole blocks is a run of weights. */
function makePool(dtype: PoolDType, random: Random): Uint8Array {
  const { blockBytes } = dtypes[dtype];
  const pool = new Uint8Array(poolBlocks(dtype) * blockBytes);
  if (isQuantized(dtype)) {
    const words = new Uint32Array(Math.ceil(pool.length / 4));
    for (let i = 0; i < words.length; i++) words[i] = random.bits();
    pool.set(new Uint8Array(words.buffer, 0, pool.length));
  }
  if (dtype === "q4_k" || dtype === "q5_k" || dtype === "q6_k") {
    for (let start = 0; start < pool.length; start += blockBytes) {
      const block = pool.subarray(start, start + blockBytes);
      setScales(block, dtype, deviation, random, halfBits);
    }
    return pool;
  }
  if (dtype === "q8_0" || dtype === "q4_0") {
    const scale = blockScale(dtype === "q8_0" ? 256 : 16);
    for (let start = 0; start < pool.length; start += blockBytes) {
      const bits = halfBits(scale * random.uniform(0.75, 1.25));
      pool[start] = bits & 255;
      pool[start + 1] = bits >> 8;
      if (dtype === "q8_0") replaceLowest(pool.subarray(start + 2, start + blockBytes));
    }
    return pool;
  }
  const view = new DataView(pool.buffer);
  for (let i = 0; i < poolCount; i++) writePlain(view, i, dtype, random.normal(0, deviation));
  return pool;
}

/** Quantizers give -127 to 127; -128 is a legal byte that no real Q8_0 file has. */
function replaceLowest(levels: Uint8Array): void {
  for (let i = 0; i < levels.length; i++) if (levels[i] === 0x80) levels[i] = 0;
}

function writePlain(view: DataView, i: number, dtype: "f32" | "f16" | "bf16", value: number): void {
  // Below the normal numbers of half precision there is only zero here.
  const magnitude = Math.abs(value) < 2 ** -14 ? 0 : Math.abs(value);
  const sign = value < 0 ? 0x8000 : 0;
  if (dtype === "f16") {
    view.setUint16(i * 2, sign | (magnitude === 0 ? 0 : halfBits(magnitude)), true);
  } else if (dtype === "f32") {
    view.setFloat32(i * 4, value, true);
  } else {
    const wide = new Float32Array([value]);
    view.setUint16(i * 2, new Uint32Array(wide.buffer)[0] >>> 16, true);
  }
}

/** A matrix whose bytes are runs of the pool from random places. */
function randomMatrix(
  name: string,
  dtype: PoolDType,
  shape: readonly number[],
  pool: Uint8Array,
  seed: number,
): WritableTensor {
  const { blockBytes } = dtypes[dtype];
  function* chunks(): Generator<Uint8Array> {
    const random = new Random(seed);
    let rest = byteLengthOf(dtype, shape);
    while (rest > 0) {
      const start = Math.floor(random.uniform(0, poolBlocks(dtype) / 2)) * blockBytes;
      const length = Math.min(rest, pool.length - start);
      yield pool.subarray(start, start + length);
      rest -= length;
    }
  }
  return { name, dtype, layout: "rows", shape, chunks };
}

/** The weights of a norm: near one. */
function randomNorm(name: string, size: number, random: Random): WritableTensor {
  const values = Float32Array.from({ length: size }, () => random.uniform(0.9, 1.1));
  const bytes = new Uint8Array(values.buffer);
  return { name, dtype: "f32", layout: "rows", shape: [size], chunks: () => [bytes] };
}

/** Every text over the alphabet, short ones first, so that each is a shorter one and a letter. */
function* words(alphabet: string): Generator<string> {
  let previous = [""];
  while (true) {
    const next: string[] = [];
    for (const start of previous) {
      for (const letter of alphabet) {
        next.push(start + letter);
        yield start + letter;
      }
    }
    previous = next;
  }
}

function makePieces(vocabSize: number): string[] {
  const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, "0");
  const pieces = ["<unk>", "<s>", "</s>"];
  for (let byte = 0; byte < 256; byte++) pieces.push(`<0x${hex(byte)}>`);
  pieces.push(spaceSymbol);
  for (const word of words("etaoinshrdlcumwfgypbvkjxqz")) {
    if (pieces.length >= vocabSize) return pieces;
    pieces.push(word);
  }
  return pieces;
}

/** A SentencePiece vocabulary: bytes, then every word over a small alphabet. */
function tokenizerMetadata(vocabSize: number): GgufMetadata {
  const tokens = makePieces(vocabSize);
  const { unknown, control, byte, normal } = pieceTypes;
  const typeOf = (id: number) => id >= 259 ? normal : id >= 3 ? byte : id > 0 ? control : unknown;
  const scores = tokens.map((_, id) => id >= 259 ? 258 - id : 0);
  const array = (element: "f32" | "i32", value: Float32Array | Int32Array): GgufValue => ({
    type: "array",
    element,
    value,
  });
  const entries: [string, GgufValue][] = [
    ["model", { type: "string", value: "llama" }],
    ["pre", { type: "string", value: "default" }],
    ["tokens", { type: "array", element: "string", value: tokens }],
    ["scores", array("f32", Float32Array.from(scores))],
    ["token_type", array("i32", Int32Array.from(tokens, (_, id) => typeOf(id)))],
    ["bos_token_id", { type: "u32", value: 1 }],
    ["eos_token_id", { type: "u32", value: 2 }],
    ["unknown_token_id", { type: "u32", value: 0 }],
    ["add_bos_token", { type: "bool", value: true }],
    ["add_eos_token", { type: "bool", value: false }],
  ];
  return new Map(entries.map(([name, value]) => [`tokenizer.ggml.${name}`, value]));
}

/** What a random model is made of. */
export interface RandomModelOptions extends WriteOptions {
  /**
   * Element type of the matrices, or `q4_k_m` and `q5_k_m`, llama.cpp's mixtures of Q4_K or Q5_K
   * with Q6_K; vectors are f32.
   */
  readonly dtype: ModelDType;
  /** The same seed gives the same bytes. Default: 1. */
  readonly seed?: number;
}

/**
 * Writes a GGUF file with random weights and a vocabulary of the right size. Weights repeat every
 * few megabytes: writing is as fast as the disk, and speed does not depend on their values.
 *
 * @throws {QorusError} `io`, or `aborted` where the signal ended it.
 *
 * @example
 * ```ts
 * await writeRandomModel("/tmp/1.1b-q8_0.gguf", shapes["1.1b"], { dtype: "q8_0" });
 * ```
 */
export async function writeRandomModel(
  path: string,
  config: ModelConfig,
  options: RandomModelOptions,
): Promise<void> {
  const { dtype, seed = 1 } = options;
  const random = new Random(seed);
  const mixed = dtype === "q4_k_m" ? "q4_k" : dtype === "q5_k_m" ? "q5_k" : undefined;
  const kindOf = (name: string): PoolDType =>
    mixed === undefined
      ? dtype as WeightDType
      : mixedType(name, mixed, config.layerCount, config.tiedEmbeddings);
  const kinds: PoolDType[] = mixed === undefined ? [dtype as WeightDType] : [mixed, "q6_k"];
  const pools = new Map(kinds.map((kind) => [kind, makePool(kind, random)]));
  const tensors = [...expectedTensors(config)].map(([name, shape]) => {
    const stored = toGgufName(name) ?? name;
    if (shape.length === 1) return randomNorm(stored, shape[0], random);
    const kind = kindOf(name);
    return randomMatrix(stored, kind, shape, pools.get(kind)!, random.bits());
  });
  const checkpoint: Checkpoint = {
    format: "gguf",
    path,
    config,
    tensors: new Map(),
    generation: { endTokens: [2], beginToken: 1 },
  };
  const metadata = modelMetadata(checkpoint, tensors);
  metadata.set("general.name", { type: "string", value: "random weights" });
  for (const [key, value] of tokenizerMetadata(config.vocabSize)) metadata.set(key, value);
  await writeGguf(path, metadata, tensors, options);
}
