/**
 * Writing a trained network as a model file.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  convertModel,
  type Llama,
  type ModelConfig,
  nn,
  saveTokenizer,
  type Tokenizer,
} from "@qorus/qorus";
import { configOf, type Recipe } from "./recipe.ts";

/** A config in the words of Hugging Face's `config.json`. */
function huggingFaceConfig(config: ModelConfig, tokenizer: Tokenizer): Record<string, unknown> {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layerCount,
    num_attention_heads: config.headCount,
    num_key_value_heads: config.keyValueHeadCount,
    max_position_embeddings: config.contextLength,
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.ropeBase,
    hidden_act: "silu",
    tie_word_embeddings: config.tiedEmbeddings,
    torch_dtype: "float32",
    bos_token_id: tokenizer.beginToken,
    eos_token_id: tokenizer.endTokens[0],
  };
}

/**
 * Writes `huggingface/`, a folder that `transformers` loads too, and out of it `tiny-llama.qorus`
 * with weights in Q8_0.
 *
 * @returns the path of the `.qorus` file
 */
export async function saveModel(
  folder: string,
  network: Llama,
  recipe: Recipe,
  tokenizer: Tokenizer,
): Promise<string> {
  const source = join(folder, "huggingface");
  mkdirSync(source, { recursive: true });
  const fields = huggingFaceConfig(configOf(recipe, tokenizer.vocabSize), tokenizer);
  writeFileSync(join(source, "config.json"), `${JSON.stringify(fields, null, 2)}\n`);
  saveTokenizer(source, tokenizer);
  await nn.saveSafetensors(join(source, "model.safetensors"), network.stateDict());
  const path = join(folder, "tiny-llama.qorus");
  const { note, steps, seed } = recipe;
  const provenance = {
    source: "examples/tiny-llama",
    steps: String(steps),
    seed: String(seed),
    ...(note === undefined ? {} : { note }),
  };
  await convertModel(source, path, { dtype: "q8_0", provenance });
  return path;
}
