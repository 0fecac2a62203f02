/**
 * Decoders of the Llama family: Llama 1, 2 and 3, Mistral, SmolLM, Qwen2.
 *
 * @module
 */

import { tensor } from "../core/creation.ts";
import { noGrad } from "../core/gradient.ts";
import type { Tensor } from "../core/tensor.ts";
import { ropeFactors } from "../formats/rope_factors.ts";
import type { ModelConfig } from "../formats/types.ts";
import type { AttentionCache, SequencePosition } from "../nn/attention.ts";
import { BlockSequence } from "../nn/block_sequence.ts";
import { Embedding } from "../nn/embedding.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { RMSNorm } from "../nn/rms_norm.ts";
import { TransformerBlock } from "../nn/transformer_block.ts";
import { QorusError } from "../native/error.ts";
import { ropeTable } from "../ops/attention.ts";
import { linear } from "../ops/matmul.ts";

/** Embedding, blocks and final norm: everything below the output projection. */
export class LlamaDecoder extends Module {
  /** `[vocabSize, hiddenSize]`. */
  readonly embedTokens: Embedding;
  /** The blocks, first to last. */
  readonly layers: TransformerBlock[];
  /** The norm in front of the output projection. */
  readonly norm: RMSNorm;
  readonly #sequence: BlockSequence;

  /** Makes the layers that the config asks for. */
  constructor(config: ModelConfig) {
    super();
    this.embedTokens = new Embedding(config.vocabSize, config.hiddenSize);
    this.layers = Array.from(
      { length: config.layerCount },
      () => new TransformerBlock({ ...config, bias: config.attentionBias }),
    );
    this.norm = new RMSNorm(config.hiddenSize, { epsilon: config.normEpsilon });
    this.#sequence = new BlockSequence(this.layers);
  }

  /**
   * The residual stream behind the last block, before the norm.
   *
   * @param ids i32 `[batch, count]`, or with caches `[count]`
   * @param caches one for each layer
   * @param options `lastOnly`: with caches, the last row only
   * @returns f32 `[..., count, hiddenSize]`
   */
  forward(
    ids: Tensor,
    position: SequencePosition,
    caches?: readonly AttentionCache[],
    options: { lastOnly?: boolean } = {},
  ): Tensor {
    let x = this.embedTokens.forward(ids);
    if (caches !== undefined) return this.#sequence.forward(x, position, caches, options);
    for (const layer of this.layers) x = layer.forward(x, position);
    return x;
  }
}

/**
 * A language model of the Llama family (Touvron et al. 2023), whose variants differ by config only.
 *
 * Parameters are named as in Hugging Face's checkpoints (`model.layers.0.self_attn.q_proj.weight`).
 */
export class Llama extends Module {
  /** Hyper-parameters. */
  readonly config: ModelConfig;
  /** Everything below the output projection. */
  readonly model: LlamaDecoder;
  /** `[vocabSize, hiddenSize]`; absent when the embedding serves as output (tied). */
  readonly lmHead?: Linear;

  /** Makes the layers that the config asks for, with random weights until others are loaded. */
  constructor(config: ModelConfig) {
    super();
    this.config = config;
    this.model = new LlamaDecoder(config);
    if (!config.tiedEmbeddings) {
      this.lmHead = new Linear(config.hiddenSize, config.vocabSize, { bias: false });
    }
  }

  /**
   * Logits of the token behind every id. Without caches, of whole sequences and with gradients: for
   * training. With caches, for generation, nothing is recorded.
   *
   * @param ids i32 `[batch, count]`, or with caches `[count]`
   * @param position where the ids stand in their sequence; without caches by default from 0 on
   * @param caches one for each layer; take up the ids' keys and values
   * @param options `lastOnly`: logits behind the last id only
   * @returns f32 `[..., count, vocabSize]`, or `[..., 1, vocabSize]`
   *
   * @example
   * ```ts
   * import { crossEntropy, type Llama, type Tensor } from "@qorus/qorus";
   *
   * function loss(network: Llama, ids: Tensor, next: Tensor): Tensor {
   *   const logits = network.forward(ids); // [batch, count, vocabSize]
   *   return crossEntropy(logits.view([ids.size, -1]), next.view([-1]));
   * }
   * ```
   */
  forward(
    ids: Tensor,
    position?: SequencePosition,
    caches?: readonly AttentionCache[],
    options: { lastOnly?: boolean } = {},
  ): Tensor {
    if (caches !== undefined) return noGrad(() => this.#logits(ids, position, caches, options));
    return this.#logits(ids, position, caches, options);
  }

  #logits(
    ids: Tensor,
    position: SequencePosition | undefined,
    caches: readonly AttentionCache[] | undefined,
    options: { lastOnly?: boolean },
  ): Tensor {
    checkRank(ids, caches === undefined ? 2 : 1);
    const place = position ?? this.#fromStart(ids.shape[ids.rank - 1]);
    let x = this.model.forward(ids, place, caches, options);
    const count = x.shape[x.rank - 2];
    if (options.lastOnly && count > 1) x = x.slice(-2, count - 1, count).contiguous();
    const weight = this.lmHead?.weight ?? this.model.embedTokens.weight;
    return linear(this.model.norm.forward(x), weight.tensor);
  }

  #fromStart(count: number): SequencePosition {
    const frequencies = tensor(ropeFrequencies(this.config));
    return { start: 0, ropeTable: ropeTable(frequencies, 0, count) };
  }
}

function checkRank({ shape }: Tensor, rank: number): void {
  if (shape.length === rank) return;
  throw new QorusError(
    "invalid_shape",
    `Llama: ids are [${shape}], expected ${rank === 2 ? "[batch, count]" : "[count] with caches"}`,
    { op: "Llama", field: "ids", given: shape },
  );
}

/**
 * Rotary frequencies of a config, in radians per position: `[headSize / 2]`. Llama 3 slows those
 * that turn seldom within the original context (Dubey et al. 2024).
 */
export function ropeFrequencies(config: ModelConfig): Float32Array {
  const { headSize, ropeBase, ropeScaling } = config;
  const divisors = ropeFactors(config);
  const linearFactor = ropeScaling?.type === "linear" ? ropeScaling.factor : 1;
  return Float32Array.from(
    { length: headSize / 2 },
    (_, i) => ropeBase ** (-2 * i / headSize) / (divisors?.[i] ?? linearFactor),
  );
}
