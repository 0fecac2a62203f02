/**
 * A tokenizer as data: what every reader produces and every tokenizer and writer is built from.
 *
 * @module
 */

import type { PieceTable } from "./pieces.ts";

/** What a piece is, with the numbers that SentencePiece and GGUF use. */
export const pieceTypes = {
  /** Text that encoding may produce. */
  normal: 1,
  /** Stands for text that the vocabulary cannot express. */
  unknown: 2,
  /** A special token. */
  control: 3,
  /** A word that is never split, but ordinary text otherwise. */
  user: 4,
  /** An id that encoding never produces. */
  unused: 5,
  /** One byte, for text that no other piece expresses. */
  byte: 6,
} as const;

/** One rewriting of a text before it is cut into words. */
export type TextStep =
  /** Puts `text` in front of a text that is not empty. */
  | {
    readonly type: "prepend";
    readonly text: string;
    /** Only at the very start of what was encoded, not after a special token. */
    readonly onlyFirst: boolean;
    /** Not where the text starts with `text` already. */
    readonly unlessPresent: boolean;
  }
  /** Replaces every occurrence of a literal text, or of a pattern (see split_pattern.ts). */
  | {
    readonly type: "replace";
    readonly from: string;
    readonly to: string;
    readonly regex: boolean;
  }
  /** Unicode normalization. */
  | { readonly type: "unicode"; readonly form: "NFC" | "NFD" | "NFKC" | "NFKD" }
  /** Unicode lower case. */
  | { readonly type: "lowercase" };

/**
 * One way to cut text into words; merges never cross a cut.
 *
 * `isolated`: matches and what lies between them are words. `matches`: only matches are; the rest
 * is dropped. `gaps`: only what lies between matches is.
 */
export interface SplitStep {
  /** Regular expression in the dialect of Hugging Face and tiktoken. */
  readonly pattern: string;
  /** Which parts become words. */
  readonly keep: "isolated" | "matches" | "gaps";
}

/** A token that is looked for in the text before anything else. */
export interface AddedToken {
  /** The id it becomes. */
  readonly id: number;
  /** The text to look for. */
  readonly content: string;
  /** A special token: not looked for when `parseSpecial` is off, left out by `skipSpecial`. */
  readonly special: boolean;
  /** Look for it in the normalized text rather than the text as given. */
  readonly normalized: boolean;
  /** Swallows white space in front. */
  readonly stripLeft: boolean;
  /** Swallows white space behind. */
  readonly stripRight: boolean;
  /** Matches only between characters that are no letters or digits. */
  readonly singleWord: boolean;
}

/**
 * How pairs of neighbouring symbols are joined.
 *
 * `merges`: an explicit list, earlier first. `ids`: any pair whose concatenation is a piece, lowest
 * id first (tiktoken). `scores`: the same, highest score first (SentencePiece). Ties: leftmost.
 */
export type MergeRanking = "merges" | "ids" | "scores";

/** Everything that decides how text becomes ids and ids become text. */
export interface TokenizerDefinition {
  /**
   * `byteLevel`: symbols start as bytes (GPT-2, tiktoken). `sentencePiece`: symbols start as
   * characters, with bytes for those that the vocabulary lacks. `bytes`: no merges at all.
   */
  readonly kind: "byteLevel" | "sentencePiece" | "bytes";
  /** Bytes of each id: raw bytes, not GPT-2's printable spelling; one byte for `byte` pieces. */
  readonly pieces: PieceTable;
  /** One of {@linkcode pieceTypes} for each id. */
  readonly types: Uint8Array;
  /** Which pair is joined first. */
  readonly ranking: MergeRanking;
  /** For `merges`: left id, right id and joined id of every merge, best first. */
  readonly merges: Uint32Array;
  /** For `scores`: one for each id. */
  readonly scores: Float32Array;
  /** A word that is a piece is that piece, whatever the merges say (Llama 3, tiktoken). */
  readonly ignoreMerges: boolean;
  /** Rewritings before added tokens of kind `normalized` are looked for. */
  readonly normalizers: readonly TextStep[];
  /** Rewritings after that. */
  readonly rewrites: readonly TextStep[];
  /** Cuts into words, one after the other. */
  readonly splits: readonly SplitStep[];
  /** Tokens that are looked for first. */
  readonly addedTokens: readonly AddedToken[];
  /** U+2581 inside of pieces stands for a space. */
  readonly escapedSpaces: boolean;
  /** Decoding drops one space in front of the text. */
  readonly stripLeadingSpace: boolean;
  /** Neighbouring unknown characters become one unknown token. */
  readonly fuseUnknown: boolean;
  /** Token that starts a text. */
  readonly beginToken?: number;
  /** Tokens that end a text or a turn. */
  readonly endTokens: readonly number[];
  /** Token that fills batches. */
  readonly padToken?: number;
  /** Token for what the vocabulary cannot express. */
  readonly unknownToken?: number;
  /** Encoding puts the begin token in front unless told otherwise. */
  readonly addBos: boolean;
  /** Encoding puts the end token behind unless told otherwise. */
  readonly addEos: boolean;
  /** Special tokens are found inside of text unless told otherwise. */
  readonly parseSpecial: boolean;
}

/** The character that SentencePiece writes for a space (U+2581). */
export const spaceSymbol = "\u2581";

/** Values that most tokenizers share; a reader states what differs. */
export const definitionDefaults: Omit<TokenizerDefinition, "kind" | "pieces" | "types"> = {
  ranking: "merges",
  merges: new Uint32Array(0),
  scores: new Float32Array(0),
  ignoreMerges: false,
  normalizers: [],
  rewrites: [],
  splits: [],
  addedTokens: [],
  escapedSpaces: false,
  stripLeadingSpace: false,
  fuseUnknown: true,
  beginToken: undefined,
  endTokens: [],
  padToken: undefined,
  unknownToken: undefined,
  addBos: false,
  addEos: false,
  parseSpecial: true,
};

/** An added token that is found wherever its text stands. */
export function plainAddedToken(id: number, content: string, special: boolean): AddedToken {
  return {
    id,
    content,
    special,
    normalized: false,
    stripLeft: false,
    stripRight: false,
    singleWord: false,
  };
}

/** How SentencePiece and GGUF spell the piece of a byte: `<0x0A>`. */
export function bytePieceName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/** The byte that a piece such as `<0x0A>` spells, or `undefined`. */
export function byteOfPieceName(piece: string): number | undefined {
  return /^<0x[0-9A-Fa-f]{2}>$/.test(piece) ? Number.parseInt(piece.slice(3, 5), 16) : undefined;
}
