/**
 * Tensor names of Hugging Face's Llama family, their shapes, and what GGUF calls them.
 *
 * @module
 */

import type { ModelConfig } from "./types.ts";

const topLevel: readonly (readonly [string, string])[] = [
  ["model.embed_tokens.weight", "token_embd.weight"],
  ["model.norm.weight", "output_norm.weight"],
  ["lm_head.weight", "output.weight"],
];

const inLayer: readonly (readonly [string, string])[] = [
  ["input_layernorm.weight", "attn_norm.weight"],
  ["self_attn.q_proj.weight", "attn_q.weight"],
  ["self_attn.q_proj.bias", "attn_q.bias"],
  ["self_attn.k_proj.weight", "attn_k.weight"],
  ["self_attn.k_proj.bias", "attn_k.bias"],
  ["self_attn.v_proj.weight", "attn_v.weight"],
  ["self_attn.v_proj.bias", "attn_v.bias"],
  ["self_attn.o_proj.weight", "attn_output.weight"],
  ["post_attention_layernorm.weight", "ffn_norm.weight"],
  ["mlp.gate_proj.weight", "ffn_gate.weight"],
  ["mlp.up_proj.weight", "ffn_up.weight"],
  ["mlp.down_proj.weight", "ffn_down.weight"],
];

const toGgufTop = new Map(topLevel);
const toGgufLayer = new Map(inLayer);
const fromGgufTop = new Map(topLevel.map(([ours, theirs]) => [theirs, ours]));
const fromGgufLayer = new Map(inLayer.map(([ours, theirs]) => [theirs, ours]));

/** Where GGUF keeps the divisors of rotary frequencies. */
export const ropeFactorsName = "rope_freqs.weight";

/** GGUF's name of a Hugging Face tensor, undefined where there is none. */
export function toGgufName(name: string): string | undefined {
  const layer = /^model\.layers\.(\d+)\.(.+)$/.exec(name);
  if (layer === null) return toGgufTop.get(name);
  const rest = toGgufLayer.get(layer[2]);
  return rest === undefined ? undefined : `blk.${layer[1]}.${rest}`;
}

/** Hugging Face's name of a GGUF tensor, undefined where there is none. */
export function fromGgufName(name: string): string | undefined {
  const layer = /^blk\.(\d+)\.(.+)$/.exec(name);
  if (layer === null) return fromGgufTop.get(name);
  const rest = fromGgufLayer.get(layer[2]);
  return rest === undefined ? undefined : `model.layers.${layer[1]}.${rest}`;
}

/** Whether the tensor's rows are turned by rotary embedding: weight or bias of queries or keys. */
export function isRotated(name: string): boolean {
  return /\.self_attn\.[qk]_proj\.(weight|bias)$/.test(name);
}

/**
 * Names and shapes of every tensor that a model of this config has, layer by layer.
 *
 * A generator, so that an absurd number of layers costs nothing before the first is missed.
 */
export function* expectedTensors(
  config: ModelConfig,
): Generator<readonly [name: string, shape: readonly number[]]> {
  const { hiddenSize, intermediateSize, vocabSize } = config;
  const querySize = config.headCount * config.headSize;
  const keyValueSize = config.keyValueHeadCount * config.headSize;
  yield ["model.embed_tokens.weight", [vocabSize, hiddenSize]];
  for (let layer = 0; layer < config.layerCount; layer += 1) {
    const prefix = `model.layers.${layer}`;
    yield [`${prefix}.input_layernorm.weight`, [hiddenSize]];
    const projections = [["q", querySize], ["k", keyValueSize], ["v", keyValueSize]] as const;
    for (const [letter, size] of projections) {
      yield [`${prefix}.self_attn.${letter}_proj.weight`, [size, hiddenSize]];
      if (config.attentionBias) yield [`${prefix}.self_attn.${letter}_proj.bias`, [size]];
    }
    yield [`${prefix}.self_attn.o_proj.weight`, [hiddenSize, querySize]];
    yield [`${prefix}.post_attention_layernorm.weight`, [hiddenSize]];
    yield [`${prefix}.mlp.gate_proj.weight`, [intermediateSize, hiddenSize]];
    yield [`${prefix}.mlp.up_proj.weight`, [intermediateSize, hiddenSize]];
    yield [`${prefix}.mlp.down_proj.weight`, [hiddenSize, intermediateSize]];
  }
  yield ["model.norm.weight", [hiddenSize]];
  if (!config.tiedEmbeddings) yield ["lm_head.weight", [vocabSize, hiddenSize]];
}
