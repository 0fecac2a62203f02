/**
 * The two that train, each in a process of its own.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Precision } from "../../mod.ts";
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
  /** Why it cannot train here; then it is left out. */
  readonly unavailable?: string;
}

/** The ways to run PyTorch: as people write it, tuned, and tuned and compiled; see pytorch.py. */
export const pytorchVariants = ["eager", "tuned", "compile"] as const;

/** One of them. */
export type PytorchVariant = typeof pytorchVariants[number];

/** What is trained, and how. */
export interface Setting {
  readonly workload: string;
  readonly threads: number;
  readonly precision: Precision;
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

/** One turn of a contender. */
export interface Turn extends Measured {
  readonly stepsPerSecond: number;
  /**
   * Speed of a fixed f32 product with the same threads just before it: what the machine gave, since
   * the product never changes.
   */
  readonly productGigaflops: number;
}

/** A process that trains a network. */
export class Contender implements Disposable {
  readonly #process: CommandedProcess;

  private constructor(
    readonly name: string,
    executable: string,
    given: readonly string[],
    readonly options: Readonly<Record<string, string>> = {},
  ) {
    this.#process = new CommandedProcess(name, executable, given);
  }

  /** Qorus under the runtime that runs this. */
  static qorus(): Contender {
    const options = "Deno" in globalThis ? ["run", "-A"] : [];
    return new Contender("Qorus", process.execPath, [...options, fileOf("qorus.ts")]);
  }

  /** PyTorch under the given Python. */
  static pytorch(python: string, variant: PytorchVariant): Contender {
    return new Contender(`PyTorch ${variant}`, python, ["-u", fileOf("pytorch.py")], { variant });
  }

  /** Makes the network, its batch and its optimizer. */
  async load(setting: Setting): Promise<Loaded> {
    return await this.#process.ask("load", { ...setting, ...this.options }) as Loaded;
  }

  /** Multiplies fixed f32 matrices for a moment; gives the GFLOPS. */
  async product(): Promise<number> {
    return await this.#process.ask("product") as number;
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
