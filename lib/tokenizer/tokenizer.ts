/**
 * What every tokenizer does: text to ids, ids to text, and ids to text one at a time.
 *
 * @module
 */

import type { TokenizerDefinition } from "./definition.ts";

/** How {@linkcode Tokenizer.encode} treats a text. */
export interface EncodeOptions {
  /** Put the begin token in front. Default: what the tokenizer's file says. */
  readonly addBos?: boolean;
  /** Put the end token behind. Default: what the tokenizer's file says. */
  readonly addEos?: boolean;
  /**
   * Text that spells a special token (`<|endoftext|>`) becomes that token; `false` encodes it as
   * ordinary text, which is right for text of a stranger. Default: as the reference does it, `true`
   * for Hugging Face and tiktoken, `false` for SentencePiece.
   */
  readonly parseSpecial?: boolean;
}

/** How {@linkcode Tokenizer.decode} writes ids. */
export interface DecodeOptions {
  /** Leave special tokens out. Default `false`. */
  readonly skipSpecial?: boolean;
}

/** How {@linkcode Tokenizer.decodeStream} writes ids. */
export interface DecodeStreamOptions extends DecodeOptions {
  /**
   * The ids continue an earlier text, so a space in front of the first word is kept. Default
   * `false`: SentencePiece drops the space that encoding put in front of the text.
   */
  readonly continues?: boolean;
}

/** Turns ids into text one by one, never giving half a character. */
export interface DecodeStream {
  /**
   * Text that this id completes: possibly empty, possibly ending an earlier id's character.
   *
   * @throws QorusError `out_of_range` when the vocabulary has no such id.
   */
  push(id: number): string;
  /** The rest: bytes that never became a character, as U+FFFD. The stream can be used again. */
  flush(): string;
}

/**
 * Text to token ids and back.
 *
 * @example
 * ```ts
 * const tokenizer = loadTokenizer({ kind: "file", path: "tokenizer.json" });
 * const ids = tokenizer.encode("Once upon a time");
 * const text = tokenizer.decode(ids, { skipSpecial: true });
 * ```
 */
export interface Tokenizer {
  /** Number of ids; every id is below it. */
  readonly vocabSize: number;
  /** Token that starts a text, if the vocabulary has one. */
  readonly beginToken?: number;
  /** Tokens that end a text or a turn; the first is the one that `addEos` appends. */
  readonly endTokens: readonly number[];
  /** Token that fills batches, if the vocabulary has one. */
  readonly padToken?: number;
  /** Special tokens: what they are spelled like, and their ids. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** What this tokenizer was built from, for writers of model files. */
  readonly definition: TokenizerDefinition;

  /**
   * Ids of a text.
   *
   * @throws QorusError `invalid_argument` when the vocabulary cannot express a character.
   */
  encode(text: string, options?: EncodeOptions): Uint32Array;
  /**
   * Text of ids; bytes that are no UTF-8 become U+FFFD.
   *
   * @throws QorusError `out_of_range` when the vocabulary has no such id.
   */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** A decoder that takes ids as a model makes them. */
  decodeStream(options?: DecodeStreamOptions): DecodeStream;
  /**
   * Id of a piece as vocabulary files spell it (`Ġhello`, `▁hello`, `<0x0A>`), or `undefined`.
   *
   * Where a special token and an ordinary piece are spelled alike, the special token is meant.
   */
  idOf(piece: string): number | undefined;
  /**
   * A piece as vocabulary files spell it.
   *
   * @throws QorusError `out_of_range` when the vocabulary has no such id.
   */
  pieceOf(id: number): string;
  /**
   * The bytes of text that an id stands for.
   *
   * @throws QorusError `out_of_range` when the vocabulary has no such id.
   */
  bytesOf(id: number): Uint8Array;
  /** Whether the id is a special token, which `skipSpecial` leaves out. */
  isSpecial(id: number): boolean;
}
