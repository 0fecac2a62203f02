/**
 * Layers.
 *
 * @module
 */

export { AdaptiveAvgPool2d } from "./adaptive_avg_pool2d.ts";
export {
  Attention,
  type AttentionCache,
  type AttentionOptions,
  type SequencePosition,
} from "./attention.ts";
export { AvgPool2d } from "./avg_pool2d.ts";
export { BatchNorm, type BatchNormOptions } from "./batch_norm.ts";
export { BatchNorm1d } from "./batch_norm1d.ts";
export { BatchNorm2d } from "./batch_norm2d.ts";
export { Buffer } from "./buffer.ts";
export { Conv1d, type Conv1dLayerOptions } from "./conv1d.ts";
export { Conv2d } from "./conv2d.ts";
export { ConvTranspose2d, type ConvTranspose2dLayerOptions } from "./conv_transpose2d.ts";
export { type Conv2dLayerOptions, Convolution } from "./convolution.ts";
export { Dropout } from "./dropout.ts";
export { Embedding } from "./embedding.ts";
export { FeedForward, type FeedForwardOptions } from "./feed_forward.ts";
export { Flatten } from "./flatten.ts";
export { GELU } from "./gelu.ts";
export { GroupNorm, type GroupNormOptions } from "./group_norm.ts";
export { GRU } from "./gru.ts";
export * as init from "./initializers.ts";
export { LayerNorm } from "./layer_norm.ts";
export { LeakyReLU } from "./leaky_relu.ts";
export { Linear } from "./linear.ts";
export { LSTM, type LSTMOutput, type LSTMState } from "./lstm.ts";
export { MaxPool2d } from "./max_pool2d.ts";
export { type LoadStateOptions, Module } from "./module.ts";
export { ModuleList } from "./module_list.ts";
export { ModuleTensor } from "./module_tensor.ts";
export {
  MultiHeadAttention,
  type MultiHeadAttentionInput,
  type MultiHeadAttentionOptions,
} from "./multi_head_attention.ts";
export { Parameter } from "./parameter.ts";
export {
  type Pass,
  type RecurrentLayerOptions,
  RecurrentLayers,
  type RecurrentParameters,
} from "./recurrent.ts";
export { GRUCell, LSTMCell, RecurrentCell, RNNCell } from "./recurrent_cells.ts";
export { ReLU } from "./relu.ts";
export { Residual } from "./residual.ts";
export { RMSNorm } from "./rms_norm.ts";
export { type RecurrentOutput, RNN } from "./rnn.ts";
export { Sequential, type TensorModule } from "./sequential.ts";
export { Sigmoid } from "./sigmoid.ts";
export { SiLU } from "./silu.ts";
export { Softmax } from "./softmax.ts";
export { loadSafetensors, type SaveOptions, saveSafetensors } from "./state_file.ts";
export { Tanh } from "./tanh.ts";
export { TransformerBlock, type TransformerBlockOptions } from "./transformer_block.ts";
