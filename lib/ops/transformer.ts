/**
 * Blocks of a transformer that generates, in one call of the native library.
 *
 * @module
 */

import { wholeNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { isRecording } from "../core/gradient.ts";
import { handleOf, type Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import type { RopeStyle } from "./attention.ts";
import type { KeysAndValues, WeightAndBias } from "./inference.ts";

/** Weights of a root mean square norm. */
export interface NormOperands {
  /** f32 `[columns]`. */
  readonly weight: Tensor;
  /** Added to the mean square. */
  readonly epsilon: number;
}

/** What a block is made of: attention and a SwiGLU network, each behind a norm (pre-norm). */
export interface BlockOperands {
  /** The norm in front of the attention. */
  readonly inputNorm: NormOperands;
  /** Query, key and value projections. */
  readonly projections: readonly [WeightAndBias, WeightAndBias, WeightAndBias];
  /** Output projection of the attention. */
  readonly output: WeightAndBias;
  /** The norm in front of the SwiGLU network. */
  readonly innerNorm: NormOperands;
  /** Of the SwiGLU network. */
  readonly gate: WeightAndBias;
  /** Shaped like the gate. */
  readonly up: WeightAndBias;
  /** Back to the residual stream. */
  readonly down: WeightAndBias;
  /** What the attention has seen; changed. */
  readonly cache: KeysAndValues;
}

/** Where the rows of a residual stream stand; see `cachedAttention` and `cachedAttentionRows`. */
export interface BlockRows {
  /** Position of the first row, if there are no places. */
  readonly position: number;
  /** Slot and position of every row: i32 `[count, 2]`, ascending. */
  readonly places?: Tensor;
  /** Angles of the rows, if queries and keys are turned. */
  readonly ropeTable?: Tensor;
}

// The layout of `Block` in zig/ops/transformer.zig, in words of 32 bits.
const wordsPerBlock = 20;
const inputEpsilonWord = 1;
const innerEpsilonWord = 11;

/**
 * Blocks whose operands are looked up once: what the library then gets for each step is one array
 * of numbers. The library checks them with every call, as it does all handles.
 */
export class DescribedBlocks {
  readonly #groups: readonly Uint32Array<ArrayBuffer>[];
  readonly #ropeStyle: RopeStyle | undefined;

  /** Describes blocks, first to last. */
  constructor(blocks: readonly BlockOperands[], ropeStyle: RopeStyle | undefined) {
    const words = new Uint32Array(blocks.length * wordsPerBlock);
    for (const [i, block] of blocks.entries()) {
      describe(block, words.subarray(i * wordsPerBlock, (i + 1) * wordsPerBlock));
    }
    const blocksPerCall = Math.floor(context().parameters.length / wordsPerBlock);
    const wordsPerCall = blocksPerCall * wordsPerBlock;
    this.#ropeStyle = ropeStyle;
    this.#groups = Array.from(
      { length: Math.ceil(words.length / wordsPerCall) },
      (_, i) => words.subarray(i * wordsPerCall, (i + 1) * wordsPerCall),
    );
  }

  /**
   * Adds to a residual stream what each block makes of it, to the bit what its steps give:
   * `rmsNorm`, `linears`, `cachedAttention` or `cachedAttentionRows`, `addLinear`, `rmsNorm`,
   * `gatedLinear`, `addLinear`.
   *
   * @param x f32 `[count, columns]`, changed
   * @throws {QorusError} `stale_handle` when a weight or cache has ended.
   */
  addTo(x: Tensor, { position, places, ropeTable }: BlockRows): void {
    const op = "transformerBlocks";
    if (isRecording()) forbidRecording(op);
    const turns = ropeTable !== undefined && this.#ropeStyle !== undefined;
    const { native, parameters } = context();
    const rows = [
      turns ? handleOf(ropeTable, op) : 0,
      this.#ropeStyle === "half" ? 1 : 0,
      wholeNumber(position, "position", op),
      places === undefined ? 0 : handleOf(places, op),
    ] as const;
    for (const words of this.#groups) {
      parameters.set(words);
      const count = words.length / wordsPerBlock;
      context().check(native.q_add_transformer_blocks(handleOf(x, op), count, ...rows), op);
    }
  }
}

function describe(block: BlockOperands, words: Uint32Array<ArrayBuffer>): void {
  const op = "transformerBlocks";
  const { inputNorm, projections, output, innerNorm, gate, up, down, cache } = block;
  const weight = (operand: { weight: Tensor }) => handleOf(operand.weight, op);
  const bias = ({ bias }: WeightAndBias) => bias === undefined ? 0 : handleOf(bias, op);
  words.set([
    weight(inputNorm),
    0,
    ...projections.map(weight),
    ...projections.map(bias),
    weight(output),
    bias(output),
    weight(innerNorm),
    0,
    weight(gate),
    weight(up),
    bias(gate),
    bias(up),
    weight(down),
    bias(down),
    handleOf(cache.keys, op),
    handleOf(cache.values, op),
  ]);
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  floats[inputEpsilonWord] = inputNorm.epsilon;
  floats[innerEpsilonWord] = innerNorm.epsilon;
}

function forbidRecording(op: string): void {
  throw new QorusError(
    "invalid_argument",
    `${op}: it records no gradients: compute inside noGrad()`,
    { op },
  );
}
