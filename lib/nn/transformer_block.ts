/**
 * One layer of a transformer.
 *
 * @module
 */

import { noGrad } from "../core/gradient.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { add } from "../ops/elementwise.ts";
import {
  Attention,
  type AttentionCache,
  type AttentionOptions,
  type SequencePosition,
} from "./attention.ts";
import { FeedForward, type FeedForwardOptions } from "./feed_forward.ts";
import { LayerNorm } from "./layer_norm.ts";
import { Module } from "./module.ts";
import { RMSNorm } from "./rms_norm.ts";

/** Sizes of a {@linkcode TransformerBlock}. */
export interface TransformerBlockOptions extends AttentionOptions {
  /** Width inside the feed-forward network. */
  intermediateSize: number;
  /** Added inside the norms' square roots. Default 1e-5. */
  normEpsilon?: number;
  /** The norms: root mean square or layer norm. Default `rms`. */
  norm?: "rms" | "layer";
  /** Activation of the feed-forward network. Default `swiglu`. */
  activation?: FeedForwardOptions["activation"];
  /** The feed-forward network's projections have a bias. Default: false. */
  feedForwardBias?: boolean;
}

/** Attention and feed-forward network, each behind a norm and around a residual (pre-norm). */
export class TransformerBlock extends Module {
  /** The norm in front of the attention. */
  readonly inputLayernorm: RMSNorm | LayerNorm;
  /** The attention. */
  readonly selfAttn: Attention;
  /** The norm in front of the feed-forward network. */
  readonly postAttentionLayernorm: RMSNorm | LayerNorm;
  /** The feed-forward network. */
  readonly mlp: FeedForward;

  /** Makes the two halves and their norms. */
  constructor(options: TransformerBlockOptions) {
    super();
    const { hiddenSize, intermediateSize, normEpsilon: epsilon = 1e-5, norm = "rms" } = options;
    const makeNorm = () =>
      norm === "rms"
        ? new RMSNorm(hiddenSize, { epsilon })
        : new LayerNorm(hiddenSize, { epsilon });
    this.inputLayernorm = makeNorm();
    this.selfAttn = new Attention(options);
    this.postAttentionLayernorm = makeNorm();
    this.mlp = new FeedForward(hiddenSize, intermediateSize, {
      activation: options.activation,
      bias: options.feedForwardBias,
    });
  }

  /**
   * Adds what the layer computes to the residual stream: in place with a cache, which is for
   * inference and records no gradients.
   *
   * @param x f32 `[batch, count, hiddenSize]`, or with a cache `[count, hiddenSize]`, changed and
   * returned
   * @param position where the rows stand; without a cache by default from 0 on
   * @param options `lastOnly`: with a cache, computes and returns the last row alone
   */
  forward(
    x: Tensor,
    position?: SequencePosition,
    cache?: AttentionCache,
    options: { lastOnly?: boolean } = {},
  ): Tensor {
    if (cache !== undefined) return noGrad(() => this.#inPlace(x, position, cache, options));
    const attended = add(x, this.selfAttn.forward(this.inputLayernorm.forward(x), position));
    return add(attended, this.mlp.forward(this.postAttentionLayernorm.forward(attended)));
  }

  #inPlace(
    x: Tensor,
    position: SequencePosition | undefined,
    cache: AttentionCache,
    { lastOnly = false }: { lastOnly?: boolean },
  ): Tensor {
    if (position === undefined) throw missingPosition();
    const [count] = x.shape;
    const residual = lastOnly && count > 1 ? x.slice(0, count - 1, count).contiguous() : x;
    this.selfAttn.addTo(residual, this.inputLayernorm.forward(x), position, cache);
    this.mlp.addTo(residual, this.postAttentionLayernorm.forward(residual));
    return residual;
  }
}

function missingPosition(): QorusError {
  return new QorusError("invalid_argument", "TransformerBlock: a cache needs a position", {
    op: "TransformerBlock",
    field: "position",
  });
}
