/**
 * Saving networks as model files.
 *
 * @module
 */

import { type ConvertReport, writeModel } from "../formats/convert.ts";
import type { Llama } from "../models/llama.ts";
import { nativeCodec } from "./codec.ts";
import { type ConvertModelOptions, tokenizerWriter } from "./convert.ts";
import { memoryCheckpoint, MemoryTensors, type NetworkOptions } from "./memory_model.ts";

/** How {@linkcode saveModel} saves. */
export interface SaveModelOptions extends NetworkOptions, Omit<ConvertModelOptions, "tokenizer"> {}

/**
 * Saves a network with its tokenizer as a model that `load` opens. The name decides the format:
 * `.qorus`, `.gguf`, `.safetensors` (weights only), or a folder in Hugging Face's form. With
 * `dtype` matrices are converted, `q8_0` and `q4_0` where the format has them; without, they stay
 * as they are. The network is not changed.
 *
 * A file that is there is replaced once the new one is whole; a folder must be new or empty.
 *
 * @throws {QorusError} `invalid_argument` when the tokenizer has more tokens than the network or
 * the folder is not empty, `unsupported` when the format cannot hold the model, `aborted` when the
 * signal ends it, `io`.
 *
 * @example
 * ```ts
 * import { Llama, load, saveModel } from "@qorus/qorus";
 *
 * using llm = await load("model.gguf");
 * using network = new Llama(llm.config); // a copy that can be trained: f32, with gradients
 * network.loadStateDict(llm.network.stateDict());
 * await saveModel("copy.qorus", network, { tokenizer: llm.tokenizer, dtype: "q8_0" });
 * ```
 */
export function saveModel(
  path: string,
  network: Llama,
  options: SaveModelOptions,
): Promise<ConvertReport> {
  const { dtype, onProgress, provenance, signal } = options;
  return writeModel(memoryCheckpoint(network, options), new MemoryTensors(network), path, {
    dtype,
    onProgress,
    provenance,
    signal,
    codec: nativeCodec,
    tokenizerWriter,
  });
}
