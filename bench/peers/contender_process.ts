/**
 * A contender in a process of its own, told what to do one command at a time.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { QorusError } from "../../lib/native/error.ts";

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

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** How to start a contender: its file beside this one, and the runtime's command. */
export type ContenderName = "qorus" | "llama.cpp";

function commandOf(name: ContenderName): readonly [string, string[]] {
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  if (name === "llama.cpp") return ["node", [file("llama_cpp.mjs")]];
  const options = "Deno" in globalThis ? ["run", "-A"] : [];
  return [process.execPath, [...options, file("qorus.ts")]];
}

/** A child process that measures. It sleeps between commands, so that others can measure. */
export class ContenderProcess implements Disposable {
  readonly name: ContenderName;
  readonly #child: ChildProcess;
  #answered: ((answer: Answer) => void) | undefined;

  /** Starts the process; nothing is loaded yet. */
  constructor(name: ContenderName) {
    this.name = name;
    const [executable, args] = commandOf(name);
    this.#child = spawn(executable, args, { stdio: ["pipe", "pipe", "inherit"] });
    const fail = (error: string) => this.#answered?.({ error });
    this.#child.on("error", (error) => fail(`${executable} cannot be run: ${error.message}`));
    this.#child.on("exit", (code, signal) => fail(`the process ended with ${code ?? signal}`));
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      // What is no answer is a message of some library.
      if (line.startsWith("{")) this.#answered?.(JSON.parse(line));
      else console.error(line);
    });
  }

  async #ask(command: string, fields: Readonly<Record<string, unknown>>): Promise<unknown> {
    const { error, result } = await new Promise<Answer>((resolve) => {
      this.#answered = resolve;
      const { exitCode, signalCode, stdin } = this.#child;
      if ((exitCode ?? signalCode) !== null) resolve({ error: "the process has ended" });
      else stdin!.write(`${JSON.stringify({ command, ...fields })}\n`);
    });
    this.#answered = undefined;
    if (error === undefined) return result;
    throw new QorusError("internal", `${this.name}: ${command}: ${error}`);
  }

  /** Opens a model with room for so many tokens. */
  async load(path: string, contextLength: number): Promise<Loaded> {
    return await this.#ask("load", { path, contextLength }) as Loaded;
  }

  /** Sets the number of threads that compute. */
  async threads(count: number): Promise<void> {
    await this.#ask("threads", { count });
  }

  /** Begins a sequence with all tokens at once. */
  async prefill(tokens: readonly number[]): Promise<Times> {
    return await this.#ask("prefill", { tokens }) as Times;
  }

  /** Continues the sequence token by token. */
  async decode(tokens: readonly number[]): Promise<Times> {
    return await this.#ask("decode", { tokens }) as Times;
  }

  /** Ends the process. */
  [Symbol.dispose](): void {
    this.#child.removeAllListeners();
    this.#child.stdin!.end();
    this.#child.kill();
  }
}
