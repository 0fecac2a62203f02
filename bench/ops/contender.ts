/**
 * Those that compute, each in a process of its own, and what they say.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { CommandedProcess } from "../support/child_process.ts";
import type { Case } from "./cases.ts";

/** What a contender says about itself. */
export interface Described {
  /** Name and version. */
  readonly name: string;
  /** The instruction set that it chose, or the library below. */
  readonly kernels: string;
  /** What runs it. */
  readonly runtime: string;
  /** Whether the processor multiplies bf16; Qorus only. */
  readonly multipliesBf16?: boolean;
}

/** One turn of one way. */
export interface Measured {
  /** Of one call, on the clock: the median of batches of calls. */
  readonly microseconds: number;
}

/**
 * The allocator keeps memory that was given back and never asks for single mappings: a result that
 * is made anew then takes memory that was touched before, like one that is written into a buffer.
 */
const keepingMemory = { MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: `${2 ** 40}` };

/** A process that computes cases. */
export class Contender implements Disposable {
  readonly #process: CommandedProcess;

  private constructor(
    name: string,
    executable: string,
    given: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#process = new CommandedProcess(name, executable, given, environment);
  }

  /** Qorus under the runtime that runs this. */
  static qorus(): Contender {
    const options = "Deno" in globalThis ? ["run", "-A"] : [];
    return new Contender("Qorus", process.execPath, [...options, fileOf("qorus.ts")]);
  }

  /** PyTorch as people call it: each result is new. */
  static freshPyTorch(python: string): Contender {
    return new Contender("PyTorch", python, ["-u", fileOf("pytorch.py"), "fresh"]);
  }

  /** PyTorch at its best: results go into buffers that are there. */
  static readyPyTorch(python: string): Contender {
    return new Contender("PyTorch", python, ["-u", fileOf("pytorch.py"), "ready"], keepingMemory);
  }

  /** NumPy, for products only. */
  static numpy(python: string, threads: number): Contender {
    const environment = { OPENBLAS_NUM_THREADS: `${threads}` };
    return new Contender("NumPy", python, ["-u", fileOf("numpy_products.py")], environment);
  }

  /** Says who it is. */
  async describe(): Promise<Described> {
    return await this.#process.ask("describe") as Described;
  }

  /** Makes operands; returns the names of the ways in which it can compute the case. */
  async prepare(item: Case, threads: number): Promise<string[]> {
    return await this.#process.ask("prepare", { item, threads }) as string[];
  }

  /** Multiplies fixed f32 matrices for a moment; gives the GFLOPS. Qorus only. */
  async product(): Promise<number> {
    return await this.#process.ask("product") as number;
  }

  /** Computes for about so long. */
  async measure(way: string, milliseconds: number): Promise<Measured> {
    return await this.#process.ask("measure", { way, milliseconds }) as Measured;
  }

  /** Ends the process. */
  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]();
  }
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
