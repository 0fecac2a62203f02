/**
 * Multi-head attention with a key/value cache.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { attention, rope, type RopeStyle, storeCache } from "../ops/attention.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

/** Keys and values of one layer for all positions so far. */
export interface AttentionCache {
  /** f32 or f16 `[keyValueHeads, capacity, headSize]`. */
  readonly keys: Tensor;
  /** Arranged as `keys`. */
  readonly values: Tensor;
}

/** Where the rows of an input stand in their sequence. */
export interface SequencePosition {
  /** Position of the first row. */
  readonly start: number;
  /** Cosines and sines of the positions, from `ropeTable`. */
  readonly ropeTable: Tensor;
}

/** Sizes of an {@linkcode Attention} layer. */
export interface AttentionOptions {
  /** Width of the residual stream. */
  hiddenSize: number;
  /** Heads of queries. */
  headCount: number;
  /** Heads of keys and values, shared by groups of query heads (Ainslie et al. 2023). */
  keyValueHeadCount: number;
  /** Width of one head. */
  headSize: number;
  /** Which elements of a head are turned together. */
  ropeStyle: RopeStyle;
  /** Query, key and value projections have a bias. */
  bias: boolean;
}

/** Causal self-attention with rotary positions and grouped heads. */
export class Attention extends Module {
  /** Query projection `[headCount * headSize, hiddenSize]`. */
  readonly qProj: Linear;
  /** Key projection `[keyValueHeadCount * headSize, hiddenSize]`. */
  readonly kProj: Linear;
  /** Value projection, shaped as the key's. */
  readonly vProj: Linear;
  /** Output projection `[hiddenSize, headCount * headSize]`. */
  readonly oProj: Linear;
  readonly #options: AttentionOptions;

  /** Makes the four projections. */
  constructor(options: AttentionOptions) {
    super();
    const { hiddenSize, headCount, keyValueHeadCount, headSize, bias } = options;
    this.#options = options;
    this.qProj = new Linear(hiddenSize, headCount * headSize, { bias });
    this.kProj = new Linear(hiddenSize, keyValueHeadCount * headSize, { bias });
    this.vProj = new Linear(hiddenSize, keyValueHeadCount * headSize, { bias });
    this.oProj = new Linear(headCount * headSize, hiddenSize, { bias: false });
  }

  /**
   * Writes the rows' keys and values into the cache and lets the rows attend to all up to them.
   *
   * @param x f32 `[count, hiddenSize]`
   * @returns f32 `[count, hiddenSize]`
   */
  forward(x: Tensor, position: SequencePosition, cache: AttentionCache): Tensor {
    const { headCount, keyValueHeadCount, headSize, ropeStyle } = this.#options;
    const count = x.shape[0];
    const split = (projected: Tensor, heads: number) => projected.reshape([count, heads, headSize]);
    const table = position.ropeTable;
    const query = split(this.qProj.forward(x), headCount);
    const key = split(this.kProj.forward(x), keyValueHeadCount);
    const value = split(this.vProj.forward(x), keyValueHeadCount);
    storeCache(cache.keys, rope(key, table, ropeStyle, { out: key }), position.start);
    storeCache(cache.values, value, position.start);
    const mixed = attention(
      rope(query, table, ropeStyle, { out: query }),
      cache.keys,
      cache.values,
      position.start,
      1 / Math.sqrt(headSize),
    );
    return this.oProj.forward(mixed.reshape([count, headCount * headSize]));
  }
}
