/**
 * The two that train, each in a process of its own.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { CommandedProcess } from "../support/child_process.ts";
import type { OpTime } from "./op_times.ts";

/** What a contender says about itself and its network. */
export interface Loaded {
  /** Name and version. */
  readonly name: string;
  /** The instruction set that it chose. */
  readonly kernels: string;
  /** What runs it. */
  readonly runtime: string;
  /** Learned numbers: equal on both sides. */
  readonly parameters: number;
}

/** What some steps took. */
export interface Measured {
  /** On the clock. */
  readonly milliseconds: number;
  /** Of all threads together, without what other programs took away. */
  readonly processorMilliseconds: number;
  /** Of the last step. */
  readonly loss: number | null;
  /** Most memory that the process ever had, by the system's count. */
  readonly peakBytes: number;
  /** Most bytes in Qorus's scratch arena. */
  readonly scratchBytes?: number;
}

/** A process that trains a network. */
export class Contender implements Disposable {
  readonly #process: CommandedProcess;

  private constructor(name: string, executable: string, given: readonly string[]) {
    this.#process = new CommandedProcess(name, executable, given);
  }

  /** Qorus under the runtime that runs this. */
  static qorus(): Contender {
    const options = "Deno" in globalThis ? ["run", "-A"] : [];
    return new Contender("Qorus", process.execPath, [...options, fileOf("qorus.ts")]);
  }

  /** PyTorch under the given Python. */
  static pytorch(python: string): Contender {
    return new Contender("PyTorch", python, ["-u", fileOf("pytorch.py")]);
  }

  /** Makes the network, its batch and its optimizer. */
  async load(workload: string, threads: number): Promise<Loaded> {
    return await this.#process.ask("load", { workload, threads }) as Loaded;
  }

  /** Trains. */
  async steps(count: number): Promise<Measured> {
    return await this.#process.ask("steps", { count }) as Measured;
  }

  /** Trains and says where the time went; Qorus only. */
  async profile(count: number): Promise<OpTime[]> {
    return await this.#process.ask("profile", { count }) as OpTime[];
  }

  /** Ends the process. */
  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]();
  }
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
