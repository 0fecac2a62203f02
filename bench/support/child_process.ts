/**
 * A contender in a process of its own, told what to do one command at a time: one JSON object a
 * line in, one out. It sleeps between commands, so that others can measure.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { QorusError } from "../../lib/native/error.ts";

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** A process that answers commands. */
export class CommandedProcess implements Disposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  #answered: ((answer: Answer) => void) | undefined;
  /** Why it answers no more. */
  #ended: string | undefined;

  /**
   * Starts it.
   *
   * @param name for messages
   * @param environment variables that it gets beside our own
   */
  constructor(
    name: string,
    executable: string,
    given: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#name = name;
    const env = { ...process.env, ...environment };
    this.#child = spawn(executable, given, { stdio: ["pipe", "pipe", "inherit"], env });
    const fail = (error: string) => {
      this.#ended ??= error;
      this.#answered?.({ error });
    };
    this.#child.on("error", (error) => fail(`${executable} cannot be run: ${error.message}`));
    this.#child.on("exit", (code, signal) => fail(`the process ended with ${code ?? signal}`));
    // A pipe that broke: the events above say why.
    this.#child.stdin!.on("error", () => {});
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      // What is no answer is a message of some library.
      if (line.startsWith("{")) this.#answered?.(JSON.parse(line));
      else console.error(line);
    });
  }

  /** Gives a command and waits for its result. */
  async ask(command: string, fields: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const { error, result } = await new Promise<Answer>((resolve) => {
      this.#answered = resolve;
      if (this.#ended !== undefined) resolve({ error: this.#ended });
      else this.#child.stdin!.write(`${JSON.stringify({ command, ...fields })}\n`);
    });
    this.#answered = undefined;
    if (error === undefined) return result;
    throw new QorusError("internal", `${this.#name}: ${command}: ${error}`);
  }

  /** Ends the process. */
  [Symbol.dispose](): void {
    this.#child.removeAllListeners();
    this.#child.stdin!.end();
    this.#child.kill();
  }
}
