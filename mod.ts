/**
 * Qorus: deep learning for Deno and Bun. TypeScript describes models, Zig owns memory and does the
 * arithmetic.
 *
 * @example
 * ```ts
 * import { load } from "@qorus/qorus";
 *
 * using llm = await load("./SmolLM2-135M-Instruct");
 * for await (const { text } of llm.generate("Once upon a time", { maxTokens: 50 })) {
 *   console.log(text);
 * }
 * ```
 *
 * @module
 */

export {
  configure,
  type ContextOptions,
  type Counters,
  counters,
  type LibraryInfo,
  libraryInfo,
} from "./lib/core/context.ts";
export { type CreateOptions, empty, full, ones, tensor, zeros } from "./lib/core/creation.ts";
export { type DType, type DTypeInfo, dtypes } from "./lib/core/dtype.ts";
export { Scope, scope } from "./lib/core/scope.ts";
export { type NestedNumbers, Tensor, type TensorData } from "./lib/core/tensor.ts";
export type {
  GenerationDefaults,
  ModelConfig,
  RopeScaling,
  TokenizerSource,
} from "./lib/formats/types.ts";
export { LanguageModel } from "./lib/llm/language_model.ts";
export { load } from "./lib/llm/load.ts";
export type {
  ChatMessage,
  GeneratedToken,
  GenerateOptions,
  GenerationStatistics,
  LoadOptions,
  SamplingOptions,
} from "./lib/llm/types.ts";
export { QorusError, type QorusErrorCode, type QorusErrorDetails } from "./lib/native/error.ts";
export type { DecodeOptions, EncodeOptions, Tokenizer } from "./lib/tokenizer/tokenizer.ts";
