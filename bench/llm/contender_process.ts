/**
 * A contender in a process of its own, told what to do one command at a time.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { CommandedProcess } from "../support/child_process.ts";

/** What a contender says about itself. */
export interface Loaded {
  /** Name and version. */
  readonly name: string;
  /** The instruction set or file of kernels that it chose. */
  readonly kernels: string;
  /** What runs its JavaScript. */
  readonly runtime: string;
}

/** Times of one computation. */
export interface Times {
  /** On the clock. */
  readonly milliseconds: number;
  /** Of all threads together, without what other programs took away. */
  readonly processorMilliseconds: number;
}

/** How to start a contender: its file beside this one, and the runtime's command. */
export type ContenderName = "qorus" | "llama.cpp";

function commandOf(name: ContenderName): readonly [string, string[]] {
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  if (name === "llama.cpp") return ["node", [file("llama_cpp.mjs")]];
  const options = "Deno" in globalThis ? ["run", "-A"] : [];
  return [process.execPath, [...options, file("qorus.ts")]];
}

/** A child process that measures. */
export class ContenderProcess implements Disposable {
  readonly #process: CommandedProcess;

  /** Starts the process; nothing is loaded yet. */
  constructor(name: ContenderName) {
    const [executable, given] = commandOf(name);
    this.#process = new CommandedProcess(name, executable, given);
  }

  /** Opens a model with room for so many tokens. */
  async load(path: string, contextLength: number): Promise<Loaded> {
    return await this.#process.ask("load", { path, contextLength }) as Loaded;
  }

  /** Sets the number of threads that compute. */
  async threads(count: number): Promise<void> {
    await this.#process.ask("threads", { count });
  }

  /** Begins a sequence with all tokens at once. */
  async prefill(tokens: readonly number[]): Promise<Times> {
    return await this.#process.ask("prefill", { tokens }) as Times;
  }

  /** Continues the sequence token by token. */
  async decode(tokens: readonly number[]): Promise<Times> {
    return await this.#process.ask("decode", { tokens }) as Times;
  }

  /** Ends the process. */
  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]();
  }
}
