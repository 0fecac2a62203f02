/**
 * Options and results of language models.
 *
 * @module
 */

/**
 * Element types that a key/value cache can have. In `q8_0` it takes 34 bytes for 32 numbers, about
 * half of `f16`, and heads must be a multiple of 32 wide.
 */
export type CacheDType = "f32" | "f16" | "q8_0";

/** How {@linkcode load} opens a model. */
export interface LoadOptions {
  /** A tokenizer's file, for models without one inside or to replace it. */
  tokenizer?: string;
  /** Longest sequence to make room for, in tokens. Default: the model's own, at most 8,192. */
  contextLength?: number;
  /** Element type of the key/value cache. Default: `f32` where all matrices are, else `f16`. */
  cacheDtype?: CacheDType;
  /**
   * Copies the matrices into memory of large pages, in place of reading them where their file is
   * mapped: loading takes a second or so for each gigabyte, and their memory besides the file's,
   * then decoding is up to 1.4 times as fast. Quantized matrices of formats other than `.qorus` are
   * rearranged into such memory in any case. Default: false.
   */
  copyWeights?: boolean;
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
  /**
   * Divides the logits of recent tokens when positive and multiplies them when negative.
   * Default: 1.
   */
  repetitionPenalty?: number;
  /** Seed of the random choice; the same seed gives the same text. Default: from the clock. */
  seed?: number;
}

/** What one text may be and when it ends. */
export interface SequenceOptions extends SamplingOptions {
  /** Most tokens to generate. Default: until the model ends or the context is full. */
  maxTokens?: number;
  /** Texts that end the generation; they are not part of the output. */
  stop?: string | readonly string[];
}

/** How a text is generated. */
export interface GenerateOptions extends SequenceOptions {
  /**
   * Guesses the next tokens from where the latest ones occurred before, and computes them together
   * (prompt lookup, a kind of speculative decoding). The text stays the same; it comes sooner where
   * it repeats parts of the prompt or of itself. Default: false.
   */
  promptLookup?: boolean | PromptLookupOptions;
  /** Ends the generation when aborted: the iterator throws `QorusError` with code `aborted`. */
  signal?: AbortSignal;
}

/** How tokens are guessed; see {@linkcode GenerateOptions.promptLookup}. */
export interface PromptLookupOptions {
  /** Most tokens to propose at a time, at most 7. Fewer are while guesses fail. Default: 7. */
  tokens?: number;
  /** Longest run of latest tokens to look for. Default: 3. */
  ngramSize?: number;
}

/** How {@linkcode LanguageModel.generateBatch} continues texts. */
export interface BatchOptions extends SequenceOptions {
  /** Sequences that are computed together; further prompts wait. Default: 8. */
  sequences?: number;
  /** Room for each sequence, prompt included, in tokens. Default: the model's `contextLength`. */
  contextLength?: number;
  /** Ends all when aborted: the iterator throws `QorusError` with code `aborted`. */
  signal?: AbortSignal;
}

/** A prompt of a batch with options of its own, which take precedence over the batch's. */
export interface BatchPrompt extends SequenceOptions {
  /** A text, or tokens. */
  readonly prompt: string | readonly number[];
}

/** One step of a generation. */
export interface GeneratedToken {
  /** The token; one that ends the text only where text was held back until then. */
  readonly id: number;
  /** The characters that became complete with it; may be empty. */
  readonly text: string;
}

/** One step of one of several generations. */
export interface BatchToken extends GeneratedToken {
  /** Which of the prompts it continues, from 0 on. */
  readonly index: number;
  /** Why this continuation ends here; only with its last token. */
  readonly endReason?: EndReason;
}

/** Why a text is over. */
export type EndReason = "end token" | "stop text" | "token limit" | "context full";

/** Times and counts of the latest generation; of a batch, the sums over its sequences. */
export interface GenerationStatistics {
  /** Tokens of the prompt. */
  promptTokens: number;
  /** Tokens of the prompt that were in the cache already. */
  cachedTokens: number;
  /** Time for the prompt, in milliseconds. */
  prefillMilliseconds: number;
  /** Tokens generated. */
  generatedTokens: number;
  /** Time for the generated tokens after the first of each text, in milliseconds. */
  decodeMilliseconds: number;
  /** Tokens that prompt lookup has proposed. */
  proposedTokens: number;
  /** Those of them that the text took up. */
  acceptedTokens: number;
  /** Why it ended; undefined while it runs, after `break`, and for batches. */
  endReason?: EndReason | "aborted";
}

/** One message of a conversation. */
export interface ChatMessage {
  /** `system`, `user` or `assistant`, or what the model's template knows beyond. */
  readonly role: string;
  /** The text. */
  readonly content: string;
}
