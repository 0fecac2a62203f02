/**
 * Multi-head attention as PyTorch has it.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { linear } from "../ops/matmul.ts";
import { scaledDotProductAttention } from "../ops/scaled_attention.ts";
import { constant, uniform } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { probability } from "./probability.ts";

/** What {@linkcode MultiHeadAttention} attends to. */
export interface MultiHeadAttentionInput {
  /** f32 `[batch, keys, embedDim]`. Default: the queries (self-attention). */
  key?: Tensor;
  /** Shaped like `key`. Default: the same tensor. */
  value?: Tensor;
  /** A position sees itself and earlier ones only. Default: false. */
  causal?: boolean;
  /**
   * f32, added to the scores; broadcast to `[batch, heads, queries, keys]`. It may require a
   * gradient.
   */
  mask?: Tensor;
}

/** Options of {@linkcode MultiHeadAttention}. */
export interface MultiHeadAttentionOptions {
  /** Whether the projections have biases. Default: true. */
  bias?: boolean;
  /** Probability that a weight of attention becomes 0 while training. Default: 0. */
  dropout?: number;
}

/**
 * Multi-head attention (Vaswani et al. 2017) with the parameters of PyTorch's
 * `nn.MultiheadAttention(batch_first=True)`. For grouped heads and rotary positions, see
 * `Attention`.
 *
 * @example
 * ```ts
 * import { nn, ones } from "@qorus/qorus";
 *
 * const layer = new nn.MultiHeadAttention(32, 4);
 * layer.forward(ones([2, 7, 32]), { causal: true }).shape; // [2, 7, 32]
 * ```
 */
export class MultiHeadAttention extends Module {
  /** Query, key and value projections one below the other: `[3 * embedDim, embedDim]`. */
  readonly inProjWeight: Parameter;
  /** `[3 * embedDim]`. */
  readonly inProjBias?: Parameter;
  /** Output projection. */
  readonly outProj: Linear;
  /** Probability that a weight of attention becomes 0 while training. */
  readonly dropout: number;
  readonly #embedDim: number;
  readonly #headCount: number;

  /**
   * Makes the projections.
   *
   * @throws {QorusError} `invalid_argument` when `headCount` does not divide `embedDim`, or
   * `dropout` is not from 0 to 1.
   */
  constructor(embedDim: number, headCount: number, options: MultiHeadAttentionOptions = {}) {
    super();
    const { bias = true, dropout = 0 } = options;
    if (!Number.isInteger(embedDim / headCount)) {
      throw new QorusError(
        "invalid_argument",
        `MultiHeadAttention: a width of ${embedDim} cannot be cut into ${headCount} heads`,
        { op: "MultiHeadAttention", field: "headCount", given: headCount },
      );
    }
    this.dropout = probability(dropout, "MultiHeadAttention");
    this.#embedDim = embedDim;
    this.#headCount = headCount;
    const shape = [3 * embedDim, embedDim];
    // Glorot and Bengio 2010.
    const bound = Math.sqrt(6 / (shape[0] + shape[1]));
    this.inProjWeight = new Parameter(shape, () => uniform(shape, bound));
    if (bias) this.inProjBias = new Parameter([shape[0]], () => constant([shape[0]], 0));
    this.outProj = new Linear(embedDim, embedDim, { bias });
  }

  /** f32 `[batch, queries, embedDim]` to the same shape. */
  forward(query: Tensor, input: MultiHeadAttentionInput = {}): Tensor {
    const { key = query, value = key, causal = false, mask } = input;
    const [batch, count] = query.shape;
    const [queries, keys, values] = [query, key, value].map((x, i) => this.#project(x, i));
    const dropout = this.training ? this.dropout : 0;
    const mixed = scaledDotProductAttention(queries, keys, values, { causal, mask, dropout });
    return this.outProj.forward(mixed.transpose(1, 2).reshape([batch, count, this.#embedDim]));
  }

  /** Projection `index` of x, cut into heads: `[batch, heads, count, headSize]`. */
  #project(x: Tensor, index: number): Tensor {
    const width = this.#embedDim;
    const [batch, count] = x.shape;
    const part = (whole: Tensor) => whole.slice(0, index * width, (index + 1) * width);
    const bias = this.inProjBias;
    const weight = part(this.inProjWeight.tensor);
    const projected = linear(x, weight, bias === undefined ? undefined : part(bias.tensor));
    const headSize = width / this.#headCount;
    return projected.reshape([batch, count, this.#headCount, headSize]).transpose(1, 2);
  }
}
