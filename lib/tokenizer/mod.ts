/**
 * Text to token ids and back: byte-level BPE, tiktoken, SentencePiece BPE and plain bytes;
 * and training of byte-level BPE.
 *
 * @module
 */

export { byteDefinition } from "./bytes.ts";
export type {
  AddedToken,
  MergeRanking,
  SplitStep,
  TextStep,
  TokenizerDefinition,
} from "./definition.ts";
export type { TiktokenEncoding } from "./from_tiktoken.ts";
export { createTokenizer, loadTokenizer, type LoadTokenizerOptions } from "./load.ts";
export { PieceTable } from "./pieces.ts";
export { gpt2Pattern, llama3Pattern, qwen2Pattern } from "./pre_tokenizer_names.ts";
export { saveTokenizer } from "./save.ts";
export { parseTokenizer, serializeTokenizer } from "./serialize.ts";
export { toGgufMetadata } from "./to_gguf.ts";
export { toTokenizerConfig, toTokenizerJson } from "./to_tokenizer_json.ts";
export type {
  DecodeOptions,
  DecodeStream,
  DecodeStreamOptions,
  EncodeOptions,
  Tokenizer,
} from "./tokenizer.ts";
export {
  trainBpe,
  type TrainBpeOptions,
  type TrainBpeProgress,
  type TrainingText,
} from "./train_bpe.ts";
