/**
 * Ctrl-C while a run goes on.
 *
 * @module
 */

import process from "node:process";
import { writeText } from "../../core/write_text.ts";

/** What programs exit with that SIGINT ended: 128 and the signal's number. */
const interruptedCode = 130;

/**
 * Notes SIGINT instead of letting it end the process, until disposed. A second one ends the process
 * at once: what takes long may be what is stuck.
 */
export class Interrupts implements Disposable {
  #isInterrupted = false;
  readonly #listener = (): void => {
    if (this.#isInterrupted) process.exit(interruptedCode);
    this.#isInterrupted = true;
  };

  /** Starts to listen. */
  constructor() {
    process.on("SIGINT", this.#listener);
  }

  /** Whether the run is to end. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** Says on stderr why, and ends the process. */
  exit(message: string): never {
    writeText(2, `${message}\n`);
    process.exit(interruptedCode);
  }

  /** Leaves SIGINT to others again. */
  [Symbol.dispose](): void {
    process.off("SIGINT", this.#listener);
  }
}
