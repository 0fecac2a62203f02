/**
 * Layers.
 *
 * @module
 */

export {
  Attention,
  type AttentionCache,
  type AttentionOptions,
  type SequencePosition,
} from "./attention.ts";
export { Buffer } from "./buffer.ts";
export { Embedding } from "./embedding.ts";
export { FeedForward } from "./feed_forward.ts";
export * as init from "./initializers.ts";
export { LayerNorm } from "./layer_norm.ts";
export { Linear } from "./linear.ts";
export { type LoadStateOptions, Module } from "./module.ts";
export { ModuleTensor } from "./module_tensor.ts";
export { Parameter } from "./parameter.ts";
export { RMSNorm } from "./rms_norm.ts";
export { loadSafetensors, type SaveOptions, saveSafetensors } from "./state_file.ts";
export { TransformerBlock, type TransformerBlockOptions } from "./transformer_block.ts";
