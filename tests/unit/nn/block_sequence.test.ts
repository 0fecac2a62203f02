/** Blocks in one call of the library: what they give one by one, to the bit. */

import { test } from "node:test";
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { context } from "../../../lib/core/context.ts";
import { empty, tensor, zeros } from "../../../lib/core/creation.ts";
import { noGrad } from "../../../lib/core/gradient.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import type { TensorData } from "../../../lib/core/tensor_data.ts";
import { QorusError } from "../../../lib/native/error.ts";
import type { AttentionCache, SequencePosition } from "../../../lib/nn/attention.ts";
import { BlockSequence } from "../../../lib/nn/block_sequence.ts";
import { Linear } from "../../../lib/nn/linear.ts";
import {
  TransformerBlock,
  type TransformerBlockOptions,
} from "../../../lib/nn/transformer_block.ts";
import { ropeTable } from "../../../lib/ops/attention.ts";
import { ropeTableRows } from "../../../lib/ops/attention_rows.ts";
import { to } from "../../../lib/ops/convert.ts";
import { add } from "../../../lib/ops/elementwise.ts";
import { type BlockOperands, DescribedBlocks } from "../../../lib/ops/transformer.ts";
import type { CacheDType } from "../../../lib/llm/types.ts";
import { seededRandom } from "../../support/random.ts";

const [hiddenSize, capacity] = [64, 40];
const options = {
  hiddenSize,
  intermediateSize: 96,
  headCount: 4,
  keyValueHeadCount: 2,
  headSize: 32,
  ropeStyle: "half",
} as const satisfies TransformerBlockOptions;

const random = seededRandom(9);

function numbers(...shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(Float32Array.from({ length: size }, () => random() - 0.5), { shape });
}

/** Has a `forward` of its own, so that its steps are single calls. */
class OwnBlock extends TransformerBlock {}

/** The same blocks in a sequence of each kind, with caches of their own. */
class Pair {
  /** Those that one call takes, and those of a class of their own. */
  readonly blocks: readonly TransformerBlock[][] = [[], []];
  readonly #sequences: readonly BlockSequence[];
  readonly #caches: readonly (readonly AttentionCache[])[];

  constructor(
    count: number,
    own: TransformerBlockOptions = options,
    dtype: CacheDType = "f16",
    slots: number[] = [],
  ) {
    for (let i = 0; i < count; i++) {
      this.blocks[0].push(new TransformerBlock(own));
      this.blocks[1].push(new OwnBlock(own));
      this.replace(i, (weight) => weight);
      this.replace(i, () => numbers(hiddenSize), "norm.weight");
    }
    this.#sequences = this.blocks.map((blocks) => new BlockSequence(blocks));
    const shape = [...slots, own.keyValueHeadCount ?? own.headCount, capacity, options.headSize];
    const make = () => dtype === "q8_0" ? empty(shape, { dtype }) : zeros(shape, { dtype });
    const caches = () => Array.from({ length: count }, () => ({ keys: make(), values: make() }));
    this.#caches = [caches(), caches()];
  }

  /** Gives a block of both sequences other tensors where the name ends with `end`. */
  replace(block: number, make: (weight: Tensor) => Tensor, end = ""): void {
    for (const [name, { tensor }] of this.blocks[0][block].namedParameters()) {
      if (!name.endsWith(end)) continue;
      const state = new Map([[name, make(tensor)]]);
      for (const blocks of this.blocks) {
        blocks[block].loadStateDict(state, { assign: true, strict: false });
      }
    }
  }

  /** Compares what both give for the same rows; returns it. */
  assertSame(count: number, position: SequencePosition, lastOnly = false): TensorData {
    const x = numbers(count, hiddenSize);
    const [got, expected] = this.#sequences.map((sequence, i) => {
      const copy = tensor(x.read(), { shape: x.shape });
      return sequence.forward(copy, position, this.#caches[i], { lastOnly });
    });
    assertEquals(got.shape, [lastOnly ? 1 : count, hiddenSize]);
    assertEquals(got.read(), expected.read());
    return got.read();
  }
}

const frequencies = () => tensor(Float32Array.from({ length: 16 }, (_, i) => 10 ** (-i / 4)));

function from(start: number, count: number): SequencePosition {
  return { start, ropeTable: ropeTable(frequencies(), start, count) };
}

function at(pairs: number[][]): SequencePosition {
  const places = tensor(pairs, { dtype: "i32" });
  return { start: 0, ropeTable: ropeTableRows(frequencies(), places), places };
}

const variants: readonly [string, Partial<TransformerBlockOptions>][] = [
  ["grouped heads", {}],
  ["biases", { bias: true, outputBias: true, feedForwardBias: true }],
  ["neighbouring", { ropeStyle: "neighbouring", keyValueHeadCount: 4 }],
  ["no rotary positions", { ropeStyle: undefined, normEpsilon: 0.1 }],
];

for (const dtype of ["f32", "f16", "q8_0"] as const) {
  test(`blocks, cache ${dtype}: prompts, steps and guessed rows, to the bit`, () => {
    using _ = scope();
    for (const [, variant] of variants) {
      const pair = new Pair(3, { ...options, ...variant }, dtype);
      pair.assertSame(5, from(0, 5));
      pair.assertSame(7, from(5, 7), true);
      for (let i = 12; i < 15; i++) pair.assertSame(1, from(i, 1), true);
      pair.assertSame(3, at([[0, 15], [0, 16], [0, 17]]));
      pair.assertSame(1, from(16, 1));
    }
  });

  test(`blocks, cache ${dtype}: rows of several sequences, to the bit`, () => {
    using _ = scope();
    const pair = new Pair(2, options, dtype, [3]);
    for (const pairs of [[[0, 0], [2, 0]], [[0, 1], [1, 0], [2, 1]], [[2, 2]]]) {
      pair.assertSame(pairs.length, at(pairs));
    }
  });
}

test("blocks: quantized weights, and more blocks than one call takes, to the bit", () => {
  using _ = scope();
  const pair = new Pair(60);
  for (let i = 0; i < 60; i++) {
    const dtype = (["q8_0", "q4_0", "f16"] as const)[i % 3];
    pair.replace(i, (weight) => to(weight, dtype), "proj.weight");
  }
  pair.assertSame(1, from(0, 1));
  pair.assertSame(1, from(1, 1));
});

test("blocks: other tensors count from the next row on, other layers from the next prompt on", () => {
  using _ = scope();
  const pair = new Pair(2);
  pair.assertSame(4, from(0, 4));
  pair.assertSame(1, from(4, 1));
  pair.replace(1, (weight) => numbers(...weight.shape), "down_proj.weight");
  pair.assertSame(1, from(5, 1));
  class Doubled extends Linear {
    override forward(x: Tensor): Tensor {
      const once = super.forward(x);
      return add(once, once);
    }
  }
  const [block] = pair.blocks[0];
  const { downProj } = block.mlp;
  const doubled = new Doubled(96, hiddenSize, { bias: false });
  doubled.weight.tensor = downProj.weight.tensor;
  for (const [{ mlp }] of pair.blocks) Object.assign(mlp, { downProj: doubled });
  const before = pair.assertSame(1, from(0, 1));
  for (const [{ mlp }] of pair.blocks) Object.assign(mlp, { downProj });
  assertNotEquals(pair.assertSame(1, from(0, 1)), before);
});

test("blocks: weights that ended and recorded gradients are errors", () => {
  using _ = scope();
  const [shape, width] = [[2, capacity, 32], 4 * 32];
  const norm = () => ({ weight: numbers(hiddenSize), epsilon: 1e-5 });
  const matrix = (rows: number, columns = hiddenSize) => ({ weight: numbers(rows, columns) });
  const block: BlockOperands = {
    inputNorm: norm(),
    projections: [matrix(width), matrix(width / 2), matrix(width / 2)],
    output: matrix(hiddenSize, width),
    innerNorm: norm(),
    gate: matrix(96),
    up: { weight: empty([96, hiddenSize], { state: context().defaultState() }) },
    down: matrix(hiddenSize, 96),
    cache: { keys: zeros(shape), values: zeros(shape) },
  };
  const described = new DescribedBlocks([block], "half");
  const rows = { position: 0, ropeTable: ropeTable(frequencies(), 0, 1) };
  const x = numbers(1, hiddenSize);
  assertThrows(() => described.addTo(x, rows), QorusError, "records no gradients");
  noGrad(() => described.addTo(x, rows));
  const outside = { ...rows, position: capacity };
  const error = assertThrows(() => noGrad(() => described.addTo(x, outside)), QorusError);
  assertEquals(error.code, "out_of_range");
  block.up.weight[Symbol.dispose]();
  const ended = assertThrows(() => noGrad(() => described.addTo(x, rows)), QorusError);
  assertEquals(ended.code, "stale_handle");
});
