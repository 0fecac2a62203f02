/**
 * What commands that run a model have in common: their options, loading, statistics.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configure } from "../core/context.ts";
import type { LanguageModel } from "../llm/language_model.ts";
import { load } from "../llm/load.ts";
import type { GenerationStatistics, SamplingOptions } from "../llm/types.ts";
import { type OptionDefinitions, type OptionValues, UsageError } from "./arguments.ts";
import { printMessage } from "./output.ts";

/** Options that say which model runs, and on how many threads. */
export const modelOptions = {
  model: {
    kind: "text",
    placeholder: "PATH",
    help: "a .qorus, .gguf or llama2.c file or a Hugging Face folder (default: models/tiny.qorus)",
  },
  tokenizer: {
    kind: "text",
    placeholder: "PATH",
    help: "the tokenizer's file, for models without one inside",
  },
  threads: {
    kind: "integer",
    least: 1,
    most: 256,
    help: "threads that compute (default: QORUS_THREADS, else all processors)",
  },
  copyWeights: {
    kind: "flag",
    help: "copy weights into memory of large pages: slower to load, then faster",
  },
  cacheDtype: {
    kind: "choice",
    choices: ["f32", "f16", "q8_0"],
    help: "element type of the key/value cache (default: f16; f32 where all weights are)",
  },
} as const satisfies OptionDefinitions;

/** Options that say how tokens are chosen. */
export const samplingOptions = {
  maxTokens: { kind: "integer", least: 1, help: "most tokens to generate (default: 200)" },
  temperature: {
    kind: "number",
    least: 0,
    placeholder: "T",
    help: "divides the logits; 0 takes the most likely token (default)",
  },
  topK: {
    kind: "integer",
    least: 0,
    placeholder: "K",
    help: "keep only the K most likely tokens; 0 keeps all (default)",
  },
  topP: {
    kind: "number",
    least: 0,
    most: 1,
    placeholder: "P",
    help: "keep the most likely tokens that together have this probability (default: 1)",
  },
  minP: {
    kind: "number",
    least: 0,
    most: 1,
    placeholder: "P",
    help: "drop tokens less likely than this share of the most likely one (default: 0)",
  },
  repetitionPenalty: {
    kind: "number",
    least: 0,
    placeholder: "R",
    help: "above 1 makes recent tokens less likely (default: 1)",
  },
  seed: {
    kind: "integer",
    least: 0,
    placeholder: "S",
    help: "the same seed gives the same text (default: from the clock)",
  },
} as const satisfies OptionDefinitions;

/** Default of `--max-tokens`. */
export const defaultMaxTokens = 200;

/** The model inside the repository. */
function defaultModelPath(): string {
  const url = new URL("../../models/tiny.qorus", import.meta.url);
  const path = url.protocol === "file:" ? fileURLToPath(url) : undefined;
  if (path !== undefined && existsSync(path)) return path;
  throw new UsageError(
    "no model is given: name a .qorus, .gguf or llama2.c file or a Hugging Face folder with --model",
    "model",
  );
}

/** Loads the model that the options name; prints what the model's file says about itself. */
export async function loadModel(
  { model, tokenizer, threads, copyWeights, cacheDtype }: OptionValues<typeof modelOptions>,
): Promise<LanguageModel> {
  const path = model ?? defaultModelPath();
  configure({ threads });
  const llm = await load(path, { tokenizer, copyWeights, cacheDtype, onMessage: printMessage });
  if (llm.note !== undefined) printMessage(llm.note);
  return llm;
}

/** The options of the library that belong to the command line's. */
export function samplingOf(options: OptionValues<typeof samplingOptions>): SamplingOptions {
  const { temperature, topK, topP, minP, repetitionPenalty, seed } = options;
  return { temperature, topK, topP, minP, repetitionPenalty, seed };
}

/** Tokens per second; undefined when nothing was measured. */
export function tokensPerSecond(tokens: number, milliseconds: number): number | undefined {
  return tokens > 0 && milliseconds > 0 ? (tokens * 1000) / milliseconds : undefined;
}

/** A speed for people: three digits at least. */
export function formatSpeed(speed: number | undefined): string {
  return speed === undefined ? "-" : speed.toFixed(speed < 100 ? 1 : 0);
}

/** One line about a generation: `prefill 812 tok/s, decode 410 tok/s, load 12 ms`. */
export function statisticsLine(statistics: GenerationStatistics, loadMilliseconds: number): string {
  const { promptTokens, cachedTokens, prefillMilliseconds } = statistics;
  const { generatedTokens, decodeMilliseconds } = statistics;
  const computed = promptTokens - cachedTokens;
  const prefill = formatSpeed(tokensPerSecond(computed, prefillMilliseconds));
  // The first token comes out of the prompt's computation.
  const decode = formatSpeed(tokensPerSecond(generatedTokens - 1, decodeMilliseconds));
  const { proposedTokens, acceptedTokens } = statistics;
  const guessed = proposedTokens > 0 ? `, ${acceptedTokens} of ${proposedTokens} guessed` : "";
  return `prefill ${prefill} tok/s (${computed} tokens), ` +
    `decode ${decode} tok/s (${generatedTokens} tokens${guessed}), ` +
    `load ${loadMilliseconds.toFixed(0)} ms`;
}
