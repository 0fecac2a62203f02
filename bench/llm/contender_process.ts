/**
 * A contender in a process of its own, told what to do one command at a time.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { CommandedProcess } from "../support/child_process.ts";
import type {
  PromptLookupFields,
  PromptLookupTimes,
  SampledSteps,
  TypeScriptShare,
} from "./qorus_alone.ts";
import type { SamplingOptions } from "../../lib/llm/types.ts";

/** What a contender says about itself. */
export interface Loaded {
  /** Name and version. */
  readonly name: string;
  /** The instruction set or file of kernels that it chose. */
  readonly kernels: string;
  /** What runs its JavaScript. */
  readonly runtime: string;
  /** Bytes of weights that a step reads; Qorus only. */
  readonly weightBytes?: number;
}

/** Times of one computation. */
export interface Times {
  /** On the clock. */
  readonly milliseconds: number;
  /** Of all threads together, without what other programs took away. */
  readonly processorMilliseconds: number;
  /** The part of it that was loading, where that was measured. */
  readonly loadMilliseconds?: number;
}

/** How to open a model. */
export interface LoadFields {
  readonly path: string;
  /** Tokens of each sequence that there must be room for. */
  readonly contextLength: number;
  /** Sequences that are computed together. Default: 1. */
  readonly sequences?: number;
  /** Element type of keys and values. Default: f16. */
  readonly cacheDtype?: "f16" | "q8_0";
}

/** The contenders. */
export type ContenderName = "qorus" | "llama.cpp";

/** Which kernels contenders are to use instead of the best ones. */
export interface Kernels {
  readonly qorus?: string;
  readonly llamaCpp?: string;
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A child process that measures. */
export class ContenderProcess implements Disposable {
  readonly #process: CommandedProcess;
  readonly #kernels: string | undefined;

  /** Starts the process; nothing is loaded yet. */
  constructor(name: ContenderName, kernels: Kernels = {}) {
    this.#kernels = name === "qorus" ? undefined : kernels.llamaCpp;
    if (name === "llama.cpp") {
      this.#process = new CommandedProcess(name, "node", [
        file("llama_cpp.mjs"),
      ]);
      return;
    }
    const options = "Deno" in globalThis ? ["run", "-A"] : [];
    const environment: Record<string, string> = {};
    if (kernels.qorus !== undefined) environment.QORUS_ISA = kernels.qorus;
    const given = [...options, file("qorus.ts")];
    this.#process = new CommandedProcess(
      name,
      process.execPath,
      given,
      environment,
    );
  }

  /** Opens a model. */
  async load(
    { sequences = 1, cacheDtype = "f16", ...fields }: LoadFields,
  ): Promise<Loaded> {
    const all = { ...fields, sequences, cacheDtype, kernels: this.#kernels };
    return await this.#process.ask("load", all) as Loaded;
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

  /** Begins all sequences with the same tokens. */
  async beginSequences(tokens: readonly number[]): Promise<void> {
    await this.#process.ask("beginSequences", { tokens });
  }

  /** Continues all sequences together, token by token. */
  async decodeSequences(tokens: readonly number[]): Promise<Times> {
    return await this.#process.ask("decodeSequences", { tokens }) as Times;
  }

  /** Makes the sequence `count` tokens long, whatever is in it. */
  async fill(count: number): Promise<void> {
    await this.#process.ask("fill", { count });
  }

  /** Opens a model and generates a token. */
  async firstToken(
    path: string,
    prompt: string,
    threads: number,
  ): Promise<Times> {
    return await this.#process.ask("firstToken", {
      path,
      prompt,
      threads,
    }) as Times;
  }

  /** Generates tokens with a clock on the choice of each; Qorus only. */
  async sampleSteps(
    steps: number,
    sampling: SamplingOptions,
  ): Promise<SampledSteps> {
    return await this.#process.ask("sampleSteps", {
      steps,
      sampling,
    }) as SampledSteps;
  }

  /** Measures what of a step is TypeScript's; Qorus only. */
  async typescript(steps: number): Promise<TypeScriptShare> {
    return await this.#process.ask("typescript", { steps }) as TypeScriptShare;
  }

  /** Generates a text with and without prompt lookup; Qorus only. */
  async promptLookup(fields: PromptLookupFields): Promise<PromptLookupTimes> {
    return await this.#process.ask("promptLookup", {
      ...fields,
    }) as PromptLookupTimes;
  }

  /** Ends the process. */
  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]();
  }
}
