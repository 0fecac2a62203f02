/**
 * Multi-head attention with grouped heads and rotary positions.
 *
 * @module
 */

import { tensor } from "../core/creation.ts";
import { noGrad } from "../core/gradient.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { rope, type RopeStyle, ropeTable } from "../ops/attention.ts";
import { cachedAttention, cachedAttentionRows } from "../ops/inference.ts";
import { scaledDotProductAttention } from "../ops/scaled_attention.ts";
import { forwardInto, forwardTogether, Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { probability } from "./probability.ts";

/** Keys and values of one layer for all positions so far. */
export interface AttentionCache {
  /**
   * f32, f16 or q8_0 `[keyValueHeads, capacity, headSize]`; with slots in front for several
   * sequences.
   */
  readonly keys: Tensor;
  /** Arranged as `keys`. */
  readonly values: Tensor;
}

/** Where the rows of an input stand in their sequence. */
export interface SequencePosition {
  /** Position of the first row, the others following it; 0 where `places` has the positions. */
  readonly start: number;
  /** Cosines and sines of the positions, from `ropeTable`. */
  readonly ropeTable: Tensor;
  /**
   * With a cache, where every row stands by itself: i32 `[count, 2]`, the slot of its sequence's
   * cache and its position there, ascending. Rows are computed as if each were alone.
   */
  readonly places?: Tensor;
}

/** Sizes of an {@linkcode Attention} layer. */
export interface AttentionOptions {
  /** Width of the residual stream. */
  hiddenSize: number;
  /** Heads of queries. */
  headCount: number;
  /** Heads of keys and values, shared by groups of query heads. Default: as many as of queries. */
  keyValueHeadCount?: number;
  /** Width of one head. Default: `hiddenSize / headCount`. */
  headSize?: number;
  /** Which elements of a head are turned together. Default: no rotary positions. */
  ropeStyle?: RopeStyle;
  /** Base of the rotary frequencies where no table is given. Default 10000. */
  ropeBase?: number;
  /** Query, key and value projections have a bias. Default: false. */
  bias?: boolean;
  /** The output projection has a bias. Default: false. */
  outputBias?: boolean;
  /** A position sees itself and earlier ones only, without a cache too. Default: true. */
  causal?: boolean;
  /** Probability that a weight of attention becomes 0 while training. Default: 0. */
  dropout?: number;
}

/**
 * Self-attention with grouped heads (Ainslie et al. 2023) and rotary positions (Su et al. 2021).
 * The same layer trains on whole sequences and generates with a cache.
 *
 * @example
 * ```ts
 * import { nn, ones } from "@qorus/qorus";
 *
 * const layer = new nn.Attention({ hiddenSize: 32, headCount: 4, ropeStyle: "half" });
 * layer.forward(ones([2, 7, 32])).shape; // [2, 7, 32]
 * ```
 */
export class Attention extends Module {
  /** Query projection `[headCount * headSize, hiddenSize]`. */
  readonly qProj: Linear;
  /** Key projection `[keyValueHeadCount * headSize, hiddenSize]`. */
  readonly kProj: Linear;
  /** Value projection, shaped as the key's. */
  readonly vProj: Linear;
  /** Output projection `[hiddenSize, headCount * headSize]`. */
  readonly oProj: Linear;
  readonly #heads: number;
  readonly #keyValueHeads: number;
  readonly #headSize: number;
  readonly #options: AttentionOptions;

  /** Makes the four projections. */
  constructor(options: AttentionOptions) {
    super();
    const { hiddenSize, headCount, bias = false, outputBias = false } = options;
    this.#options = options;
    this.#heads = headCount;
    this.#keyValueHeads = options.keyValueHeadCount ?? headCount;
    this.#headSize = options.headSize ?? hiddenSize / headCount;
    probability(options.dropout ?? 0, "Attention");
    checkHeads(headCount, this.#keyValueHeads, this.#headSize);
    const keyValueSize = this.#keyValueHeads * this.#headSize;
    this.qProj = new Linear(hiddenSize, headCount * this.#headSize, { bias });
    this.kProj = new Linear(hiddenSize, keyValueSize, { bias });
    this.vProj = new Linear(hiddenSize, keyValueSize, { bias });
    this.oProj = new Linear(headCount * this.#headSize, hiddenSize, { bias: outputBias });
  }

  /** Which elements of a head are turned together, if any. */
  get ropeStyle(): RopeStyle | undefined {
    return this.#options.ropeStyle;
  }

  /**
   * Without a cache, attention within whole sequences. With one, which is for inference and records
   * no gradients, writes the rows' keys and values into it and lets them attend to all up to them.
   *
   * @param x f32 `[batch, count, hiddenSize]`, or with a cache `[count, hiddenSize]`
   * @param position where the rows stand; without a cache by default from 0 on
   * @returns f32, shaped like x
   */
  forward(x: Tensor, position?: SequencePosition, cache?: AttentionCache): Tensor {
    if (cache === undefined) return this.#sequences(x, position?.ropeTable);
    return noGrad(() => this.oProj.forward(this.#cached(x, position, cache)));
  }

  /**
   * Adds what {@linkcode Attention.forward} gives with a cache to a residual stream.
   *
   * @param residual f32 `[count, hiddenSize]`, changed; or `[1, hiddenSize]` for the last row of x
   * only, whose keys and values are taken up all the same
   * @param x f32 `[count, hiddenSize]`
   */
  addTo(residual: Tensor, x: Tensor, position: SequencePosition, cache: AttentionCache): void {
    const rows = residual.shape[0];
    noGrad(() => forwardInto(residual, this.oProj, this.#cached(x, position, cache, rows)));
  }

  #sequences(x: Tensor, table: Tensor | undefined): Tensor {
    const [batch, count] = x.shape;
    const { ropeStyle, causal = true } = this.#options;
    const dropout = this.training ? this.#options.dropout : 0;
    const turned = (projected: Tensor) => {
      if (ropeStyle === undefined) return projected;
      table ??= this.#table(count);
      return rope(projected, table, ropeStyle);
    };
    const split = (projected: Tensor, heads: number) =>
      projected.reshape([batch, count, heads, this.#headSize]);
    const query = turned(split(this.qProj.forward(x), this.#heads));
    const key = turned(split(this.kProj.forward(x), this.#keyValueHeads));
    const value = split(this.vProj.forward(x), this.#keyValueHeads);
    const [queries, keys, values] = [query, key, value].map((part) => part.transpose(1, 2));
    const options = { causal, dropout };
    const mixed = scaledDotProductAttention(queries, keys, values, options).transpose(1, 2);
    return this.oProj.forward(mixed.reshape([batch, count, this.#heads * this.#headSize]));
  }

  /** Cosines and sines of positions from 0 on. */
  #table(count: number): Tensor {
    const { ropeBase = 10000 } = this.#options;
    const size = this.#headSize;
    const frequencies = Float32Array.from(
      { length: size / 2 },
      (_, i) => ropeBase ** (-2 * i / size),
    );
    return ropeTable(tensor(frequencies), 0, count);
  }

  /** Mixed values in front of the output projection, for the last `queryCount` rows of x. */
  #cached(
    x: Tensor,
    position: SequencePosition | undefined,
    cache: AttentionCache,
    queryCount?: number,
  ): Tensor {
    if (position === undefined) {
      throw new QorusError("invalid_argument", "Attention: a cache needs a position", {
        op: "Attention",
        field: "position",
      });
    }
    const { ropeStyle } = this.#options;
    const { start, ropeTable, places } = position;
    const [query, key, value] = this.#projections(x, queryCount);
    const rows = { query, key, value, ropeTable, ropeStyle };
    return places === undefined
      ? cachedAttention(rows, cache, start)
      : cachedAttentionRows(rows, cache, places);
  }

  #projections(x: Tensor, queryCount?: number): Tensor[] {
    const count = x.shape[0];
    if (queryCount === undefined || queryCount === count) {
      return forwardTogether([this.qProj, this.kProj, this.vProj], x);
    }
    const last = x.slice(0, count - queryCount, count).contiguous();
    return [this.qProj.forward(last), ...forwardTogether([this.kProj, this.vProj], x)];
  }
}

function checkHeads(heads: number, keyValueHeads: number, headSize: number): void {
  if (Number.isInteger(headSize) && Number.isInteger(heads / keyValueHeads)) return;
  throw new QorusError(
    "invalid_argument",
    `Attention: ${heads} heads of ${headSize} with ${keyValueHeads} key/value heads: the width must ` +
      "be a multiple of the heads, and these of the key/value heads",
    { op: "Attention" },
  );
}
