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

export { autocast } from "./lib/autograd/autocast.ts";
export { backward } from "./lib/autograd/backward.ts";
export { type CustomOp, customOp } from "./lib/autograd/custom_op.ts";
export { checkGradients, type GradientCheckOptions } from "./lib/autograd/gradient_check.ts";
export {
  configure,
  type ContextOptions,
  type Counters,
  counters,
  type LibraryInfo,
  libraryInfo,
} from "./lib/core/context.ts";
export {
  arange,
  type CreateOptions,
  empty,
  full,
  type NumberArray,
  ones,
  rand,
  randn,
  tensor,
  zeros,
} from "./lib/core/creation.ts";
export { type DType, type DTypeInfo, dtypes } from "./lib/core/dtype.ts";
export {
  type Backward,
  type BackwardOptions,
  type GradientNode,
  type GradientPlace,
  type GradientPlaces,
  noGrad,
} from "./lib/core/gradient.ts";
export type { Precision } from "./lib/core/precision.ts";
export {
  manualSeed,
  Random,
  type RandomState,
  randomState,
  setRandomState,
} from "./lib/core/random.ts";
export { Scope, scope } from "./lib/core/scope.ts";
export { Tensor } from "./lib/core/tensor.ts";
export type { NestedNumbers, TensorData } from "./lib/core/tensor_data.ts";
export type { TensorCodec, TokenizerWriter } from "./lib/formats/codec.ts";
export type { ConvertOptions, ConvertReport, OutputFormat } from "./lib/formats/convert.ts";
export type { WeightDType } from "./lib/formats/convert_tensor.ts";
export type { WriteOptions, WriteProgress } from "./lib/formats/tensor_writer.ts";
export type * from "./lib/formats/types.ts";
export { convertModel, type ConvertModelOptions } from "./lib/llm/convert.ts";
export { languageModel, type LanguageModelOptions } from "./lib/llm/from_network.ts";
export type { KeyValueCache } from "./lib/llm/kv_cache.ts";
export { LanguageModel, type LanguageModelParts } from "./lib/llm/language_model.ts";
export { load } from "./lib/llm/load.ts";
export type { NetworkOptions } from "./lib/llm/memory_model.ts";
export type { Sampler } from "./lib/llm/sampler.ts";
export { saveModel, type SaveModelOptions } from "./lib/llm/save.ts";
export type * from "./lib/llm/types.ts";
export { CharRNN, type CharRNNOptions, type CharRNNOutput } from "./lib/models/char_rnn.ts";
export { Llama, LlamaDecoder } from "./lib/models/llama.ts";
export { BasicBlock, ResNet, resnet18, resnet34, type ResNetOptions } from "./lib/models/resnet.ts";
export { QorusError, type QorusErrorCode, type QorusErrorDetails } from "./lib/native/error.ts";
export * as nn from "./lib/nn/mod.ts";
export * from "./lib/ops/activation.ts";
export { rope, type RopeStyle, ropeTable } from "./lib/ops/attention.ts";
export {
  batchNorm,
  type BatchNormOptions,
  type BatchNormSteps,
  type ChannelNormOptions,
  groupNorm,
} from "./lib/ops/channel_norm.ts";
export { to } from "./lib/ops/convert.ts";
export {
  conv1d,
  type Conv1dOptions,
  conv2d,
  type Conv2dOptions,
  convTranspose2d,
  type ConvTranspose2dOptions,
} from "./lib/ops/convolution.ts";
export { dropout, type DropoutOptions } from "./lib/ops/dropout.ts";
export {
  add,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  maximum,
  minimum,
  mul,
  notEqual,
  pow,
  sub,
  where,
} from "./lib/ops/elementwise.ts";
export { embedding } from "./lib/ops/embedding.ts";
export { gather, indexSelect } from "./lib/ops/indexing.ts";
export { concat, pad, repeat, split, stack } from "./lib/ops/joining.ts";
export * from "./lib/ops/losses.ts";
export { linear, matmul } from "./lib/ops/matmul.ts";
export {
  addRmsNorm,
  causalMask,
  layerNorm,
  logSoftmax,
  rmsNorm,
  softmax,
  type SoftmaxOptions,
} from "./lib/ops/normalization.ts";
export type { OutOption } from "./lib/ops/out.ts";
export {
  adaptiveAvgPool2d,
  avgPool2d,
  type AvgPool2dOptions,
  maxPool2d,
  type MaxPool2dOptions,
} from "./lib/ops/pooling.ts";
export {
  gru,
  lstm,
  type LSTMResult,
  type Nonlinearity,
  type RecurrentOptions,
  type RecurrentResult,
  type RecurrentWeights,
  rnn,
} from "./lib/ops/recurrent.ts";
export * from "./lib/ops/reduction.ts";
export type { SampleOptions } from "./lib/ops/sampling.ts";
export {
  type AttentionMaskOptions,
  scaledDotProductAttention,
} from "./lib/ops/scaled_attention.ts";
export * from "./lib/ops/unary.ts";
export type { RowsAndColumns } from "./lib/ops/windows.ts";
export * as optim from "./lib/optim/mod.ts";
export {
  type AddedToken,
  createTokenizer,
  type DecodeOptions,
  type DecodeStream,
  type DecodeStreamOptions,
  type EncodeOptions,
  gpt2Pattern,
  llama3Pattern,
  loadTokenizer,
  type LoadTokenizerOptions,
  type MergeRanking,
  PieceTable,
  qwen2Pattern,
  saveTokenizer,
  type SplitStep,
  type TextStep,
  type TiktokenEncoding,
  type Tokenizer,
  type TokenizerDefinition,
  trainBpe,
  type TrainBpeOptions,
  type TrainBpeProgress,
  type TrainingText,
} from "./lib/tokenizer/mod.ts";
export { fit } from "./lib/train/fit.ts";
export * as train from "./lib/train/mod.ts";
