/**
 * Language models out of networks in memory.
 *
 * @module
 */

import type { Llama } from "../models/llama.ts";
import { LanguageModel } from "./language_model.ts";
import { memoryCheckpoint, type NetworkOptions } from "./memory_model.ts";
import type { LoadOptions } from "./types.ts";

/** How {@linkcode languageModel} makes one. */
export interface LanguageModelOptions
  extends NetworkOptions, Pick<LoadOptions, "cacheDtype" | "contextLength"> {}

/**
 * A language model that generates with a network as it is, such as one that is being trained. Its
 * weights are not copied: what training changes, the next text is generated with. Disposing the
 * language model leaves the network alone.
 *
 * @throws {QorusError} `invalid_argument` when the tokenizer has more tokens than the network, or
 * the context length is not one that the network has.
 *
 * @example
 * ```ts
 * import { languageModel, type Llama, type Tokenizer } from "@qorus/qorus";
 *
 * async function sample(network: Llama, tokenizer: Tokenizer): Promise<string> {
 *   using llm = languageModel(network, { tokenizer });
 *   let text = "";
 *   for await (const token of llm.generate("The ", { maxTokens: 50 })) text += token.text;
 *   return text;
 * }
 * ```
 */
export function languageModel(network: Llama, options: LanguageModelOptions): LanguageModel {
  const { tokenizer } = options;
  const checkpoint = memoryCheckpoint(network, options);
  return new LanguageModel({
    checkpoint,
    options: loadOptions(options),
    network,
    makeTokenizer: () => tokenizer,
  });
}

function loadOptions({ cacheDtype, contextLength }: LanguageModelOptions): LoadOptions {
  return { cacheDtype, contextLength };
}
