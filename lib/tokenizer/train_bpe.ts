/**
 * Trains a byte-level BPE tokenizer on a text.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import { spellBytes, unspellBytes } from "./byte_alphabet.ts";
import {
  type AddedToken,
  definitionDefaults,
  pieceTypes,
  plainAddedToken,
  type TokenizerDefinition,
} from "./definition.ts";
import { largestVocabulary } from "./file_errors.ts";
import { createTokenizer } from "./load.ts";
import { gpt2Pattern, isolated } from "./pre_tokenizer_names.ts";
import { endTokensOf } from "./special_names.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { learnMerges } from "./train_bpe_merges.ts";
import { Pace, type TrainBpeProgress } from "./train_bpe_pace.ts";
import type { TrainingWords } from "./train_bpe_pairs.ts";
import { countWords, type TrainingText } from "./train_bpe_words.ts";
import { VocabularyBuilder } from "./vocabulary_builder.ts";

export type { TrainBpeProgress, TrainingText };

const utf8 = new TextEncoder();

/** How {@linkcode trainBpe} trains, and what the tokenizer is like. */
export interface TrainBpeOptions {
  /**
   * Tokens that are no text, in the order of their ids. Where the text has them, for example
   * between two stories, they are cut out of it. Default `["<|endoftext|>"]`.
   */
  readonly specialTokens?: readonly string[];
  /**
   * The special token that starts a text. Default: `<s>` or `<|begin_of_text|>` where they are
   * special tokens, else none.
   */
  readonly beginToken?: string;
  /**
   * The special token that ends a text. Default: those of the special tokens that are known to,
   * such as `<|endoftext|>`, `</s>` and `<|im_end|>`.
   */
  readonly endToken?: string;
  /** The special token that fills batches. Default: `<pad>` where it is a special token. */
  readonly padToken?: string;
  /** Encoding puts the begin token in front unless told otherwise. Default `false`. */
  readonly addBos?: boolean;
  /** Encoding puts the end token behind unless told otherwise. Default `false`. */
  readonly addEos?: boolean;
  /** A pair that occurs less often does not become a token. Default 2. */
  readonly minFrequency?: number;
  /**
   * Regular expression that cuts text into words, in the dialect of Hugging Face's tokenizers;
   * tokens never cross a cut. Default GPT-2's, `gpt2Pattern`; `llama3Pattern` and `qwen2Pattern`
   * keep numbers apart from each other and line ends from the text around them.
   */
  readonly splitPattern?: string;
  /** Hears how far it is, about twenty times a second. */
  readonly onProgress?: (progress: TrainBpeProgress) => void;
  /** Ends the training; the promise is then rejected with `aborted`. */
  readonly signal?: AbortSignal;
}

function invalidOption(field: string, given: unknown, expected: string): QorusError {
  const shown = typeof given === "string" ? JSON.stringify(given) : String(given);
  return new QorusError(
    "invalid_argument",
    `trainBpe: ${field} is ${shown}, expected ${expected}`,
    { op: "trainBpe", field, given, expected },
  );
}

/** The 256 bytes in the order of their spelling, as Hugging Face's trainer numbers them. */
function byteAlphabet(): string[] {
  return Array.from({ length: 256 }, (_, byte) => spellBytes(Uint8Array.of(byte))).sort();
}

function checkSpecialTokens(tokens: readonly string[], alphabet: readonly string[]): void {
  for (const [index, token] of tokens.entries()) {
    const field = `specialTokens[${index}]`;
    if (typeof token !== "string" || token === "") {
      throw invalidOption(field, token, "at least one character");
    }
    if (!token.isWellFormed()) throw invalidOption(field, token, "no half of a surrogate pair");
    if (tokens.indexOf(token) < index) throw invalidOption(field, token, "no token twice");
    if (alphabet.includes(token)) {
      throw invalidOption(field, token, "more than the one character that spells a byte");
    }
  }
}

function checkNumbers(vocabSize: number, smallest: number, minFrequency: number): void {
  const fits = Number.isInteger(vocabSize) && vocabSize >= smallest &&
    vocabSize <= largestVocabulary;
  if (!fits) {
    const expected = `${smallest} (256 bytes and ${smallest - 256} special tokens) to ` +
      largestVocabulary;
    throw invalidOption("vocabSize", vocabSize, expected);
  }
  if (!Number.isInteger(minFrequency) || minFrequency < 0) {
    throw invalidOption("minFrequency", minFrequency, "a whole number from 0 on");
  }
}

/** Distinct words as symbols: the id of each of their bytes. */
function symbolsOf(
  counts: ReadonlyMap<string, number>,
  alphabet: readonly string[],
): TrainingWords {
  const idOfByte = new Uint32Array(256);
  for (const [id, piece] of alphabet.entries()) {
    const [byte] = unspellBytes(piece) ?? [];
    idOfByte[byte] = id;
  }
  const words = Array.from(counts.keys(), (word) => utf8.encode(word));
  const offsets = new Uint32Array(words.length + 1);
  for (const [index, word] of words.entries()) offsets[index + 1] = offsets[index] + word.length;
  const symbols = new Uint32Array(offsets[words.length]);
  for (const [index, word] of words.entries()) {
    for (const [at, byte] of word.entries()) symbols[offsets[index] + at] = idOfByte[byte];
  }
  return { symbols, offsets, counts: Float64Array.from(counts.values()) };
}

/** The tokens with a role, and whether encoding adds them. */
function rolesOf(
  addedTokens: readonly AddedToken[],
  options: TrainBpeOptions,
): Pick<TokenizerDefinition, "beginToken" | "endTokens" | "padToken" | "addBos" | "addEos"> {
  const ids = new Map(addedTokens.map((token) => [token.content, token.id]));
  const named = (field: "beginToken" | "endToken" | "padToken") => {
    const token = options[field];
    if (token === undefined || ids.has(token)) return token === undefined ? token : ids.get(token);
    throw invalidOption(field, token, `one of the special tokens: ${[...ids.keys()].join(", ")}`);
  };
  const beginToken = named("beginToken") ?? ids.get("<s>") ?? ids.get("<|begin_of_text|>");
  const endTokens = endTokensOf(named("endToken"), ids);
  const { addBos = false, addEos = false } = options;
  if (addBos && beginToken === undefined) {
    throw invalidOption("addBos", addBos, "false, or the option beginToken");
  }
  if (addEos && endTokens.length === 0) {
    throw invalidOption("addEos", addEos, "false, or the option endToken");
  }
  return { beginToken, endTokens, padToken: named("padToken") ?? ids.get("<pad>"), addBos, addEos };
}

/**
 * Trains a byte-level BPE tokenizer: the most frequent pair of neighbouring tokens becomes a token,
 * again and again, until there are `vocabSize`.
 *
 * Ids are: the 256 bytes in the order of GPT-2's alphabet (`!` is 0), the special tokens, then what
 * was joined, first first. Every text can be encoded, and decoding gives it back to the letter; a
 * half of a surrogate pair, which is no text, becomes U+FFFD. The same text gives the same
 * tokenizer: of pairs that occur equally often, the one with the smaller left id is joined first,
 * then the one with the smaller right id. The merges equal those of `BpeTrainer` of Hugging Face's
 * `tokenizers` 0.23 with `initial_alphabet=ByteLevel.alphabet()` on text without special tokens.
 *
 * A text in several parts has its words cut at the ends of the parts, as with Hugging Face's
 * `train_from_iterator`; a collection is best given text by text. Which characters are letters is
 * the runtime's to say: Deno 2.9 and `tokenizers` 0.23 know Unicode 16, Bun 1.4 knows 17. Where no
 * pair is left that occurs `minFrequency` times, training ends early with fewer ids: the
 * tokenizer's `vocabSize` says how many.
 *
 * Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016);
 * on bytes: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).
 *
 * @param text A text, or texts, at least one character in all.
 * @param vocabSize Most ids to have: at least 256 and one for each special token.
 * @throws QorusError `invalid_argument` naming the option, `unsupported` for a pattern without a
 * translation to JavaScript, `aborted` when the signal ends it.
 *
 * @example
 * ```ts
 * import { saveTokenizer, trainBpe } from "@qorus/qorus";
 *
 * const text = await Deno.readTextFile("stories.txt");
 * const tokenizer = await trainBpe(text, 2048);
 * console.log(tokenizer.encode("Once upon a time"));
 * saveTokenizer("tokenizer.json", tokenizer);
 * ```
 */
export async function trainBpe(
  text: TrainingText,
  vocabSize: number,
  options: TrainBpeOptions = {},
): Promise<Tokenizer> {
  const { specialTokens = ["<|endoftext|>"], minFrequency = 2 } = options;
  const splitPattern = options.splitPattern ?? gpt2Pattern;
  const alphabet = byteAlphabet();
  checkSpecialTokens(specialTokens, alphabet);
  checkNumbers(vocabSize, 256 + specialTokens.length, minFrequency);
  const addedTokens = specialTokens.map((token, index) =>
    plainAddedToken(256 + index, token, true)
  );
  const roles = rolesOf(addedTokens, options);
  const pace = new Pace(options.signal, options.onProgress);
  const counts = await countWords(text, splitPattern, addedTokens, pace);
  const { pieces, merges } = await learnMerges({
    words: symbolsOf(counts, alphabet),
    pieces: [...alphabet, ...specialTokens],
    specialTokens: new Set(specialTokens),
    vocabSize,
    minFrequency,
  }, pace);
  const vocabulary = new VocabularyBuilder("trainBpe");
  for (const [id, piece] of pieces.entries()) {
    const special = addedTokens[id - 256]?.content === piece;
    const bytes = special ? undefined : unspellBytes(piece);
    const type = special ? pieceTypes.control : pieceTypes.normal;
    vocabulary.add(id, bytes ?? utf8.encode(piece), type);
  }
  return createTokenizer({
    ...definitionDefaults,
    ...vocabulary.build(),
    ...roles,
    kind: "byteLevel",
    merges,
    splits: isolated([splitPattern]),
    addedTokens,
    fuseUnknown: false,
  }, "the trained tokenizer");
}
