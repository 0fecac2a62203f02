/**
 * Patterns that are known by name: GGUF's `tokenizer.ggml.pre` and tiktoken's encodings.
 *
 * @module
 */

import type { SplitStep } from "./definition.ts";

/** GPT-2's pattern, which Hugging Face's ByteLevel has built in. */
export const gpt2Pattern =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const letters = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const signsAndSpaces = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Llama 3's pattern: up to three digits together. */
export const llama3Pattern = `${contractions}|${letters}|\\p{N}{1,3}|${signsAndSpaces}`;
/** Qwen 2's pattern: every digit alone. */
export const qwen2Pattern = `${contractions}|${letters}|\\p{N}|${signsAndSpaces}`;
/** The pattern of tiktoken's cl100k_base. */
export const cl100kPattern = "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|" +
  " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s";

const upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const signsSlashesAndSpaces = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** The pattern of tiktoken's o200k_base. */
export const o200kPattern = `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${contractions}?|` +
  `[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${contractions}?|\\p{N}{1,3}|${signsSlashesAndSpaces}`;
const tekkenPattern = `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+|` +
  `[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*|\\p{N}|${signsSlashesAndSpaces}`;

/** A way to cut text that GGUF files name. */
export interface NamedPreTokenizer {
  /** Names, the usual one first. */
  readonly names: readonly string[];
  readonly patterns: readonly string[];
  /** A word that is a piece is that piece, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** Texts begin with the begin token unless the file says otherwise. */
  readonly addBos: boolean;
}

/** As llama.cpp defines them (`llama-vocab.cpp`). */
const preTokenizers: readonly NamedPreTokenizer[] = [
  {
    names: ["gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "exaone4", "gigachat"],
    patterns: [gpt2Pattern],
    ignoreMerges: false,
    addBos: false,
  },
  {
    names: ["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "lfm2"],
    patterns: [llama3Pattern],
    ignoreMerges: true,
    addBos: true,
  },
  {
    names: ["dbrx", "smaug-bpe", "chatglm-bpe", "glm4"],
    patterns: [llama3Pattern],
    ignoreMerges: false,
    addBos: false,
  },
  {
    names: ["qwen2", "stablelm2", "deepseek-r1-qwen", "megrez", "grok-2"],
    patterns: [qwen2Pattern],
    ignoreMerges: false,
    addBos: false,
  },
  {
    names: ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"],
    patterns: ["\\p{N}", gpt2Pattern],
    ignoreMerges: false,
    addBos: false,
  },
  { names: ["tekken"], patterns: [tekkenPattern], ignoreMerges: true, addBos: true },
  { names: ["gpt-4o", "llama4"], patterns: [o200kPattern], ignoreMerges: false, addBos: false },
  {
    names: ["default"],
    patterns: ["[\\p{P}\\$\\+<=>\\^~\\|]+", gpt2Pattern, "\\p{N}+", "[0-9][0-9][0-9]"],
    ignoreMerges: false,
    addBos: false,
  },
];

/** The cuts of these patterns: matches and what lies between them. */
export function isolated(patterns: readonly string[]): SplitStep[] {
  return patterns.map((pattern) => ({ pattern, keep: "isolated" }));
}

/** The pre-tokenizer that a GGUF file names, or `undefined`. */
export function preTokenizerByName(name: string): NamedPreTokenizer | undefined {
  return preTokenizers.find((entry) => entry.names.includes(name));
}

/** Every name that GGUF files may give, for messages. */
export function preTokenizerNames(): string[] {
  return preTokenizers.flatMap((entry) => entry.names);
}

/** Spellings of a pattern differ; the same cuts are often written in another way. */
function canonical(pattern: string): string {
  return pattern
    .replaceAll("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", contractions)
    .replaceAll("'(?:[sdmt]|ll|ve|re)", "'s|'t|'re|'ve|'m|'ll|'d");
}

/** The pre-tokenizer that cuts and merges like this, or `undefined`: GGUF has no name for it. */
export function preTokenizerBySplits(
  splits: readonly SplitStep[],
  ignoreMerges: boolean,
): NamedPreTokenizer | undefined {
  if (splits.some((split) => split.keep !== "isolated")) return undefined;
  return preTokenizers.find((entry) =>
    entry.ignoreMerges === ignoreMerges && entry.patterns.length === splits.length &&
    entry.patterns.every((pattern, index) => canonical(splits[index].pattern) === pattern)
  );
}
