/**
 * One layer of a decoder.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { add } from "../ops/elementwise.ts";
import { addRmsNorm } from "../ops/normalization.ts";
import {
  Attention,
  type AttentionCache,
  type AttentionOptions,
  type SequencePosition,
} from "./attention.ts";
import { FeedForward } from "./feed_forward.ts";
import { Module } from "./module.ts";
import { RMSNorm } from "./rms_norm.ts";

/** Sizes of a {@linkcode TransformerBlock}. */
export interface TransformerBlockOptions extends AttentionOptions {
  /** Width inside the feed-forward network. */
  intermediateSize: number;
  /** Added to the mean square inside the norms. */
  normEpsilon: number;
}

/** Attention and feed-forward network, each behind a norm and around a residual (pre-norm). */
export class TransformerBlock extends Module {
  /** The norm in front of the attention. */
  readonly inputLayernorm: RMSNorm;
  /** The attention. */
  readonly selfAttn: Attention;
  /** The norm in front of the feed-forward network. */
  readonly postAttentionLayernorm: RMSNorm;
  /** The feed-forward network. */
  readonly mlp: FeedForward;

  /** Makes the two halves and their norms. */
  constructor(options: TransformerBlockOptions) {
    super();
    const { hiddenSize, intermediateSize, normEpsilon: epsilon } = options;
    this.inputLayernorm = new RMSNorm(hiddenSize, { epsilon });
    this.selfAttn = new Attention(options);
    this.postAttentionLayernorm = new RMSNorm(hiddenSize, { epsilon });
    this.mlp = new FeedForward(hiddenSize, intermediateSize);
  }

  /**
   * Adds what the layer computes to the residual stream, in place.
   *
   * @param x f32 `[count, hiddenSize]`, changed and returned
   */
  forward(x: Tensor, position: SequencePosition, cache: AttentionCache): Tensor {
    const attended = this.selfAttn.forward(this.inputLayernorm.forward(x), position, cache);
    const { weight, epsilon } = this.postAttentionLayernorm;
    const normed = addRmsNorm(x, attended, weight.tensor, epsilon, { out: attended });
    return add(x, this.mlp.forward(normed), { out: x });
  }
}
