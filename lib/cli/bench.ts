/**
 * `qorus bench`: how fast a model reads and writes.
 *
 * @module
 */

import { libraryInfo } from "../core/context.ts";
import { scope } from "../core/scope.ts";
import { nextTurn } from "../core/turn.ts";
import { BatchCache } from "../llm/batch_cache.ts";
import type { LanguageModel } from "../llm/language_model.ts";
import { prefill, promptChunks } from "../llm/prompt.ts";
import { argmax } from "../ops/sampling.ts";
import { type OptionDefinitions, readArguments, UsageError } from "./arguments.ts";
import { columns, type Command } from "./command.ts";
import { formatSpeed, loadModel, modelOptions, tokensPerSecond } from "./model.ts";
import { printData } from "./output.ts";
import { ProgressBar } from "./progress.ts";
import { runtimeName } from "./runtime.ts";

const options = {
  ...modelOptions,
  promptTokens: { kind: "integer", least: 1, help: "tokens to read (default: 512)" },
  maxTokens: { kind: "integer", least: 1, help: "tokens to write (default: 128)" },
  sequences: {
    kind: "integer",
    least: 1,
    most: 256,
    help: "texts to write at once; speeds are of all together (default: 1)",
  },
  repeat: { kind: "integer", least: 1, most: 1000, help: "runs; medians count (default: 3)" },
  json: { kind: "flag", help: "print JSON" },
} as const satisfies OptionDefinitions;

/** Times of one run. */
interface Run {
  readonly prefillMilliseconds: number;
  readonly decodeMilliseconds: number;
}

/** The same tokens on every machine, all in the vocabulary. */
function promptOf(length: number, vocabSize: number): Uint32Array {
  let state = 1;
  return Uint32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * vocabSize);
  });
}

/** Reads a prompt and writes tokens, end tokens or not. */
async function measure(
  llm: LanguageModel,
  prompt: Uint32Array,
  maxTokens: number,
  signal: AbortSignal,
): Promise<Run> {
  llm.resetCache();
  const start = performance.now();
  let id: number;
  {
    using _ = scope();
    id = argmax(prefill(llm, prompt));
  }
  const prefillMilliseconds = performance.now() - start;
  let decodeMilliseconds = 0;
  for (let count = 0; count < maxTokens; count++) {
    const tokenStart = performance.now();
    {
      using _ = scope();
      id = argmax(llm.step([id]));
    }
    decodeMilliseconds += performance.now() - tokenStart;
    await nextTurn();
    signal.throwIfAborted();
  }
  return { prefillMilliseconds, decodeMilliseconds };
}

/** Reads a prompt for each of several sequences and writes tokens to all of them at once. */
async function measureBatch(
  llm: LanguageModel,
  sequences: number,
  prompt: Uint32Array,
  maxTokens: number,
  signal: AbortSignal,
): Promise<Run> {
  using batch = new BatchCache(llm, sequences, prompt.length + maxTokens);
  const ids = new Int32Array(sequences);
  let start = performance.now();
  for (let slot = 0; slot < sequences; slot++) {
    let position = 0;
    for (const chunk of promptChunks(prompt)) {
      using _ = scope();
      ids[slot] = argmax(batch.prefill(slot, chunk, position));
      position += chunk.length;
    }
    signal.throwIfAborted();
  }
  const prefillMilliseconds = performance.now() - start;
  let decodeMilliseconds = 0;
  for (let count = 0; count < maxTokens; count++) {
    start = performance.now();
    for (let slot = 0; slot < sequences; slot++) {
      batch.setRow(slot, ids[slot], slot, prompt.length + count);
    }
    {
      using _ = scope();
      const logits = batch.step(sequences);
      for (let row = 0; row < sequences; row++) ids[row] = argmax(logits.slice(0, row, row + 1));
    }
    decodeMilliseconds += performance.now() - start;
    await nextTurn();
    signal.throwIfAborted();
  }
  return { prefillMilliseconds, decodeMilliseconds };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function run(given: readonly string[], signal: AbortSignal): Promise<void> {
  const { options: values } = readArguments(given, options, 0);
  const { promptTokens = 512, maxTokens = 128, sequences = 1, repeat = 3 } = values;
  using llm = await loadModel(values);
  if (promptTokens + maxTokens > llm.contextLength) {
    throw new UsageError(
      `--prompt-tokens ${promptTokens} and --max-tokens ${maxTokens} exceed the model's context ` +
        `of ${llm.contextLength} tokens`,
      "promptTokens",
    );
  }
  const prompt = promptOf(promptTokens, llm.tokenizer.vocabSize);
  const runs: Run[] = [];
  {
    using progress = new ProgressBar();
    // The first run touches the memory and counts for nothing.
    for (let i = 0; i <= repeat; i++) {
      progress.update(i / (repeat + 1), i === 0 ? "warm-up" : `run ${i} of ${repeat}`);
      const times = sequences === 1
        ? await measure(llm, prompt, maxTokens, signal)
        : await measureBatch(llm, sequences, prompt, maxTokens, signal);
      if (i > 0) runs.push(times);
    }
  }
  const { isa, threads } = libraryInfo();
  const speed = (tokens: number, key: keyof Run) =>
    tokensPerSecond(sequences * tokens, median(runs.map((times) => times[key])));
  report({
    model: llm.path,
    format: llm.format,
    parameters: llm.parameterCount,
    isa,
    threads,
    runtime: runtimeName(),
    promptTokens,
    maxTokens,
    sequences,
    repeat,
    prefillTokensPerSecond: speed(promptTokens, "prefillMilliseconds"),
    decodeTokensPerSecond: speed(maxTokens, "decodeMilliseconds"),
    loadMilliseconds: llm.loadMilliseconds,
  }, values.json ?? false);
}

/** What `bench --json` prints. */
interface Report {
  readonly model: string;
  readonly format: string;
  readonly parameters: number;
  readonly isa: string;
  readonly threads: number;
  readonly runtime: string;
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly sequences: number;
  readonly repeat: number;
  readonly prefillTokensPerSecond?: number;
  readonly decodeTokensPerSecond?: number;
  readonly loadMilliseconds: number;
}

function report(result: Report, json: boolean): void {
  if (json) {
    printData(JSON.stringify(result, null, 2));
    return;
  }
  const { promptTokens, maxTokens, sequences } = result;
  const each = sequences === 1 ? "" : ` for each of ${sequences} sequences`;
  const prefillSpeed = formatSpeed(result.prefillTokensPerSecond);
  const decodeSpeed = formatSpeed(result.decodeTokensPerSecond);
  printData(columns([
    ["model", `${result.model} (${result.format}, ${result.parameters} parameters)`],
    ["machine", `${result.isa}, ${result.threads} threads, ${result.runtime}`],
    ["prefill", `${prefillSpeed} tok/s (${promptTokens} tokens${each})`],
    ["decode", `${decodeSpeed} tok/s (${maxTokens} tokens${each})`],
    ["load", `${result.loadMilliseconds.toFixed(1)} ms`],
    ["runs", `${result.repeat}, medians`],
  ]));
}

/** How fast a model reads and writes. */
export const command: Command = {
  name: "bench",
  summary: "Measures how fast a model reads a prompt and writes tokens.",
  parameters: "",
  options,
  examples: [
    "qorus bench --model model.gguf --threads 2",
    "qorus bench --model model.gguf --sequences 8",
    "qorus bench --model model.gguf --prompt-tokens 128 --max-tokens 64 --repeat 5 --json",
  ],
  run,
};
