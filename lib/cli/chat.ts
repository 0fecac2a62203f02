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
  #messages: ChatMessage[];
  #answering: AbortController | undefined;

  constructor(llm: LanguageModel, system: string | undefined, options: GenerateOptions) {
    this.#llm = llm;
    this.#options = options;
    this.#start = system === undefined ? [] : [{ role: "system", content: system }];
    this.#messages = [...this.#start];
    // A model that cannot converse is told before the first question, not after it.
    llm.formatChat([...this.#start, { role: "user", content: "" }]);
  }

  reset(): void {
    this.#messages = [...this.#start];
    this.#llm.resetCache();
  }

  /** Ends the answer that is being written; false when there is none. */
  interrupt(): boolean {
    this.#answering?.abort();
    return this.#answering !== undefined;
  }

  /** Writes the answer to a question; an interrupted one stays in the conversation as it is. */
  async answer(question: string): Promise<void> {
    const asked: ChatMessage[] = [...this.#messages, { role: "user", content: question }];
    // The template writes the begin token itself.
    const prompt = this.#llm.tokenizer.encode(this.#llm.formatChat(asked), {
      addBos: false,
      parseSpecial: true,
    });
    this.#answering = new AbortController();
    let answer = "";
    try {
      const { signal } = this.#answering;
      const tokens = this.#llm.generate([...prompt], { ...this.#options, signal });
      for await (const { text } of tokens) {
        writeData(text);
        answer += text;
      }
    } catch (error) {
      if (!(error instanceof QorusError) || error.code !== "aborted") throw error;
    } finally {
      this.#answering = undefined;
      writeData("\n");
    }
    this.#messages = [...asked, { role: "assistant", content: answer }];
  }
}

/** Reads questions until the input ends; on a terminal, Ctrl-C ends an answer, then the program. */
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
  });
  if (process.stdin.isTTY) printMessage("/reset forgets the conversation, /exit ends it.");
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  signal.addEventListener("abort", () => {
    conversation.interrupt();
    lines.close();
  });
  await converse(lines, conversation, llm);
  lines.close();
  signal.throwIfAborted();
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
