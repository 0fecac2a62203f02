/**
 * Options and results of language models.
 *
 * @module
 */

/** How {@linkcode load} opens a model. */
export interface LoadOptions {
  /** A tokenizer's file, for models without one inside or to replace it. */
  tokenizer?: string;
  /** Longest sequence to make room for, in tokens. Default: the model's own, at most 8,192. */
  contextLength?: number;
  /** Element type of the key/value cache. Default: `f32` where all matrices are, else `f16`. */
  cacheDtype?: "f32" | "f16";
  /** Takes messages such as "copying from a network file system". Default: standard error. */
  onMessage?: (message: string) => void;
}

/** How the next token is chosen. Greedy unless `temperature` is above zero. */
export interface SamplingOptions {
  /** Divides the logits; 0 takes the most likely token. Default: 0. */
  temperature?: number;
  /** Keeps only the k most likely tokens; 0 keeps all. Default: 0. */
  topK?: number;
  /** Keeps the most likely tokens that together have this probability. Default: 1. */
  topP?: number;
  /** Drops tokens less likely than this share of the most likely one. Default: 0. */
  minP?: number;
  /** Divides the logits of recent tokens when positive and multiplies them when negative. Default: 1. */
  repetitionPenalty?: number;
  /** Seed of the random choice; the same seed gives the same text. Default: from the clock. */
  seed?: number;
}

/** How a text is generated. */
export interface GenerateOptions extends SamplingOptions {
  /** Most tokens to generate. Default: until the model ends or the context is full. */
  maxTokens?: number;
  /** Texts that end the generation; they are not part of the output. */
  stop?: string | readonly string[];
  /** Ends the generation when aborted: the iterator throws `QorusError` with code `aborted`. */
  signal?: AbortSignal;
}

/** One step of a generation. */
export interface GeneratedToken {
  /** The token; one that ends the text only where text was held back until then. */
  readonly id: number;
  /** The characters that became complete with it; may be empty. */
  readonly text: string;
}

/** Times and counts of the latest generation. */
export interface GenerationStatistics {
  /** Tokens of the prompt. */
  promptTokens: number;
  /** Tokens of the prompt that were in the cache already. */
  cachedTokens: number;
  /** Time for the prompt, in milliseconds. */
  prefillMilliseconds: number;
  /** Tokens generated. */
  generatedTokens: number;
  /** Time for the generated tokens after the first, in milliseconds. */
  decodeMilliseconds: number;
  /** Why it ended; undefined while it runs or after `break`. */
  endReason?: "end token" | "stop text" | "token limit" | "context full" | "aborted";
}

/** One message of a conversation. */
export interface ChatMessage {
  /** `system`, `user` or `assistant`, or what the model's template knows beyond. */
  readonly role: string;
  /** The text. */
  readonly content: string;
}
