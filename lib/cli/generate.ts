/**
 * `qorus generate`: continues a text.
 *
 * @module
 */

import process from "node:process";
import { type OptionDefinitions, readArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import {
  defaultMaxTokens,
  loadModel,
  modelOptions,
  samplingOf,
  samplingOptions,
  statisticsLine,
} from "./model.ts";
import { printMessage, writeData } from "./output.ts";
import { unlessAborted } from "./waiting.ts";

const options = {
  ...modelOptions,
  ...samplingOptions,
  promptLookup: {
    kind: "flag",
    help: "guess tokens from earlier text: the same text, sooner where it repeats itself",
  },
} as const satisfies OptionDefinitions;

/** The prompt: the argument, or what is piped in, or nothing. */
async function readPrompt(positionals: readonly string[], signal: AbortSignal): Promise<string> {
  if (positionals.length > 0) return positionals[0];
  if (process.stdin.isTTY) return "";
  return await unlessAborted(readInput(), signal);
}

async function readInput(): Promise<string> {
  const hint = setTimeout(() => printMessage("Reading the prompt from standard input ..."), 1000);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of process.stdin) text += decoder.decode(chunk, { stream: true });
  clearTimeout(hint);
  return text + decoder.decode();
}

async function run(given: readonly string[], signal: AbortSignal): Promise<void> {
  const { options: values, positionals } = readArguments(given, options, 1);
  const prompt = await readPrompt(positionals, signal);
  using llm = await loadModel(values);
  const maxTokens = values.maxTokens ?? defaultMaxTokens;
  writeData(prompt);
  try {
    const { promptLookup } = values;
    const tokens = llm.generate(prompt, { ...samplingOf(values), maxTokens, promptLookup, signal });
    for await (const { text } of tokens) writeData(text);
  } finally {
    writeData("\n");
  }
  printMessage(statisticsLine(llm.statistics, llm.loadMilliseconds));
}

/** Continues a text. */
export const command: Command = {
  name: "generate",
  summary: "Continues a text.",
  parameters: "[PROMPT]",
  details: "The prompt may come from a pipe instead. The text, prompt included, goes to stdout.",
  options,
  examples: [
    'qorus generate "Once upon a time" --model model.gguf',
    'qorus generate "Once upon a time" --temperature 0.8 --top-p 0.9 --seed 1 --max-tokens 100',
    "echo 'Once upon a time' | qorus generate --model ./SmolLM2-135M",
  ],
  run,
};
