/**
 * `qorus chat`: a conversation in the terminal.
 *
 * @module
 */

import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import type { LanguageModel } from "../llm/language_model.ts";
import type { ChatMessage, GenerateOptions } from "../llm/types.ts";
import { QorusError } from "../native/error.ts";
import { type OptionDefinitions, readArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { loadModel, modelOptions, samplingOf, samplingOptions, statisticsLine } from "./model.ts";
import { printMessage, writeData, writeMessage } from "./output.ts";
import { unlessAborted } from "./waiting.ts";

const options = {
  ...modelOptions,
  ...samplingOptions,
  maxTokens: {
    kind: "integer",
    least: 1,
    help: "most tokens of one answer (default: until it ends)",
  },
  system: { kind: "text", placeholder: "TEXT", help: "what the model is told first" },
} as const satisfies OptionDefinitions;

/** A conversation with a model. */
class Conversation {
  readonly #llm: LanguageModel;
  readonly #options: GenerateOptions;
  readonly #start: readonly ChatMessage[];
  #messages: readonly ChatMessage[];

  constructor(llm: LanguageModel, system: string | undefined, options: GenerateOptions) {
    this.#llm = llm;
    this.#options = options;
    this.#start = system === undefined ? [] : [{ role: "system", content: system }];
    this.#messages = this.#start;
    // A model that cannot converse is told before the first question, not after it.
    llm.formatChat([...this.#start, { role: "user", content: "" }]);
  }

  /** Forgets all questions and answers. */
  reset(): void {
    this.#messages = this.#start;
    this.#llm.resetCache();
  }

  /** Writes the answer to a question. */
  async answer(question: string): Promise<void> {
    const asked = [...this.#messages, { role: "user", content: question }];
    // The template writes the begin token itself.
    const prompt = this.#llm.tokenizer.encode(this.#llm.formatChat(asked), {
      addBos: false,
      parseSpecial: true,
    });
    let answer = "";
    for await (const { text } of this.#llm.generate([...prompt], this.#options)) {
      writeData(text);
      answer += text;
    }
    writeData("\n");
    this.#messages = [...asked, { role: "assistant", content: answer }];
  }
}

/** Answers questions until the input ends. */
async function converse(
  lines: Interface,
  conversation: Conversation,
  llm: LanguageModel,
): Promise<void> {
  const isTerminal = process.stdin.isTTY === true;
  const ask = () => {
    if (isTerminal) writeMessage("> ");
  };
  ask();
  for await (const line of lines) {
    const question = line.trim();
    if (question === "/exit") return;
    if (question === "/reset") {
      conversation.reset();
    } else if (question !== "") {
      await answer(conversation, question);
      if (isTerminal) printMessage(statisticsLine(llm.statistics, llm.loadMilliseconds));
    }
    ask();
  }
}

/** Answers a question; one that no longer fits the context does not end the conversation. */
async function answer(conversation: Conversation, question: string): Promise<void> {
  try {
    await conversation.answer(question);
  } catch (error) {
    if (!(error instanceof QorusError) || error.code !== "out_of_range") throw error;
    printMessage(`${error.message}. /reset starts a new conversation.`);
  }
}

async function run(given: readonly string[], signal: AbortSignal): Promise<void> {
  const { options: values } = readArguments(given, options, 0);
  using llm = await loadModel(values);
  const sampling = samplingOf(values);
  const conversation = new Conversation(llm, values.system, {
    ...sampling,
    temperature: sampling.temperature ?? llm.generation.temperature,
    topK: sampling.topK ?? llm.generation.topK,
    topP: sampling.topP ?? llm.generation.topP,
    maxTokens: values.maxTokens,
    signal,
  });
  if (process.stdin.isTTY) printMessage("/reset forgets the conversation, /exit ends it.");
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  try {
    await unlessAborted(converse(lines, conversation, llm), signal);
  } finally {
    lines.close();
  }
}

/** A conversation in the terminal. */
export const command: Command = {
  name: "chat",
  summary: "Converses with a model that has a chat template.",
  parameters: "",
  details: "Sampling defaults are the model's own. Each line is a question; /reset forgets the\n" +
    "conversation, /exit ends it, Ctrl-C too.",
  options,
  examples: [
    "qorus chat --model ./SmolLM2-135M-Instruct",
    'qorus chat --model model.gguf --system "Answer in one sentence." --temperature 0.7',
    "echo 'What is a tensor?' | qorus chat --model model.gguf --seed 1",
  ],
  run,
};
