/**
 * Reads tiktoken's rank files: a line for each piece, its bytes in base64 and its rank.
 *
 * @module
 */

import {
  definitionDefaults,
  pieceTypes,
  plainAddedToken,
  type TokenizerDefinition,
} from "./definition.ts";
import { decodeText, invalidFile, largestVocabulary } from "./file_errors.ts";
import {
  cl100kPattern,
  gpt2Pattern,
  isolated,
  llama3Pattern,
  o200kPattern,
} from "./pre_tokenizer_names.ts";
import { endTokensOf } from "./special_names.ts";
import { VocabularyBuilder } from "./vocabulary_builder.ts";

/** What a rank file does not say. */
export interface TiktokenEncoding {
  /** How text is cut into words. */
  readonly pattern: string;
  /** Ids of special tokens. */
  readonly specialTokens: Readonly<Record<string, number>>;
  /** The special token that begins every text, where there is one. */
  readonly beginToken?: string;
}

/** Llama 3's 256 special tokens follow its 128,000 ranks. */
function llama3SpecialTokens(): Record<string, number> {
  const named = new Map([
    [0, "<|begin_of_text|>"],
    [1, "<|end_of_text|>"],
    [4, "<|finetune_right_pad_id|>"],
    [6, "<|start_header_id|>"],
    [7, "<|end_header_id|>"],
    [8, "<|eom_id|>"],
    [9, "<|eot_id|>"],
    [10, "<|python_tag|>"],
  ]);
  let reserved = 0;
  const names = Array.from(
    { length: 256 },
    (_, index) => named.get(index) ?? `<|reserved_special_token_${reserved++}|>`,
  );
  return Object.fromEntries(names.map((name, index) => [name, 128_000 + index]));
}

const endOfText = "<|endoftext|>";

/** Encodings by name, as tiktoken's `openai_public.py` and Llama 3 define them. */
const encodings: Readonly<Record<string, () => TiktokenEncoding>> = {
  gpt2: () => ({ pattern: gpt2Pattern, specialTokens: { [endOfText]: 50256 } }),
  r50k: () => ({ pattern: gpt2Pattern, specialTokens: { [endOfText]: 50256 } }),
  p50k: () => ({ pattern: gpt2Pattern, specialTokens: { [endOfText]: 50256 } }),
  cl100k: () => ({
    pattern: cl100kPattern,
    specialTokens: {
      [endOfText]: 100257,
      "<|fim_prefix|>": 100258,
      "<|fim_middle|>": 100259,
      "<|fim_suffix|>": 100260,
      "<|endofprompt|>": 100276,
    },
  }),
  o200k: () => ({
    pattern: o200kPattern,
    specialTokens: { [endOfText]: 199999, "<|endofprompt|>": 200018 },
  }),
  llama3: () => ({
    pattern: llama3Pattern,
    specialTokens: llama3SpecialTokens(),
    beginToken: "<|begin_of_text|>",
  }),
};

/** Names of the encodings that {@linkcode tiktokenEncoding} knows. */
export const tiktokenNames: readonly string[] = Object.keys(encodings);

/** The encoding that a name such as `cl100k_base` begins with, or `undefined`. */
export function tiktokenEncoding(name: string): TiktokenEncoding | undefined {
  const known = tiktokenNames.find((candidate) => name.toLowerCase().startsWith(candidate));
  return known === undefined ? undefined : encodings[known]();
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/**
 * The definition of a rank file with its encoding, not yet checked as a whole.
 *
 * @throws QorusError `invalid_file` naming the line.
 */
export function readTiktoken(
  bytes: Uint8Array,
  path: string,
  encoding: TiktokenEncoding,
): TokenizerDefinition {
  const vocabulary = new VocabularyBuilder(path);
  for (const [index, line] of decodeText(bytes, path, "the file").split("\n").entries()) {
    if (line === "") continue;
    const field = `line ${index + 1}`;
    const [piece, rank, ...rest] = line.replace(/\r$/, "").split(" ");
    const fits = piece !== "" && base64.test(piece) && /^\d{1,7}$/.test(rank ?? "") &&
      rest.length === 0 && Number(rank) < largestVocabulary;
    if (!fits) throw invalidFile(path, field, line, "base64, a space and a rank");
    vocabulary.add(Number(rank), decodeBase64(piece), pieceTypes.normal);
  }
  if (vocabulary.size === 0) throw invalidFile(path, "the file", "empty", "lines of ranks");
  const special = new Map(Object.entries(encoding.specialTokens));
  for (const [content, id] of special) {
    vocabulary.add(id, new TextEncoder().encode(content), pieceTypes.control);
  }
  const { pieces, types } = vocabulary.build();
  const single = new Set<number>();
  for (let id = 0; id < pieces.length; id++) {
    if (types[id] === pieceTypes.normal && pieces.byteLength(id) === 1) {
      single.add(pieces.at(id)[0]);
    }
  }
  if (single.size !== 256) {
    throw invalidFile(path, "the number of pieces of one byte", single.size, "256");
  }
  const beginToken = encoding.beginToken === undefined
    ? undefined
    : special.get(encoding.beginToken);
  return {
    ...definitionDefaults,
    kind: "byteLevel",
    pieces,
    types,
    ranking: "ids",
    ignoreMerges: true,
    splits: isolated([encoding.pattern]),
    addedTokens: [...special].map(([content, id]) => plainAddedToken(id, content, true)),
    beginToken,
    endTokens: endTokensOf(undefined, special),
    padToken: special.get("<|finetune_right_pad_id|>"),
    addBos: beginToken !== undefined,
  };
}
