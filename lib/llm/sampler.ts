/**
 * Choosing tokens for one generation.
 *
 * @module
 */

import type { StateArena } from "../core/state.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { Generator, sample, type SampleOptions } from "../ops/sampling.ts";
import type { SamplingOptions } from "./types.ts";

/** The repetition penalty looks back this far, as llama.cpp's default does. */
const recentCapacity = 64;

/** Completes and checks sampling options. */
export function sampleOptions(options: SamplingOptions): SampleOptions {
  const completed = {
    temperature: options.temperature ?? 0,
    topK: options.topK ?? 0,
    topP: options.topP ?? 1,
    minP: options.minP ?? 0,
    repetitionPenalty: options.repetitionPenalty ?? 1,
  };
  const rules: [keyof SampleOptions, boolean, string][] = [
    ["temperature", completed.temperature >= 0, "zero or more"],
    [
      "topK",
      Number.isInteger(completed.topK) && completed.topK >= 0,
      "a whole number, or 0 for all",
    ],
    ["topP", completed.topP > 0 && completed.topP <= 1, "above 0 and at most 1"],
    ["minP", completed.minP >= 0 && completed.minP <= 1, "from 0 to 1"],
    ["repetitionPenalty", completed.repetitionPenalty > 0, "above 0"],
  ];
  for (const [field, valid, expected] of rules) {
    if (valid && Number.isFinite(completed[field])) continue;
    throw new QorusError(
      "invalid_argument",
      `generate: ${field} is ${completed[field]}, expected ${expected}`,
      { op: "generate", field, given: completed[field], expected },
    );
  }
  return completed;
}

/** Draws tokens and remembers the recent ones. Its memory is taken once and used for every text. */
export class Sampler {
  readonly #generator: Generator;
  readonly #recent: Tensor;
  readonly #recentIds: Int32Array;
  #recentCount = 0;
  #options: SampleOptions = sampleOptions({});

  /** Takes memory for generator and recent tokens from an arena. */
  constructor(arena: StateArena) {
    this.#generator = new Generator(0, arena.id);
    this.#recent = arena.empty([recentCapacity], "i32");
    this.#recentIds = this.#recent.data as Int32Array;
  }

  /** Begins a text. */
  start(options: SampleOptions, seed: number, prompt: ArrayLike<number>): void {
    this.#options = options;
    this.#generator.seed(seed);
    this.#recentCount = 0;
    for (let i = Math.max(0, prompt.length - recentCapacity); i < prompt.length; i++) {
      this.accept(prompt[i]);
    }
  }

  /** Remembers a token of the text. */
  accept(id: number): void {
    this.#recentIds[this.#recentCount % recentCapacity] = id;
    this.#recentCount++;
  }

  /**
   * Chooses the next token.
   *
   * @param logits f32 `[1, vocabSize]`
   */
  next(logits: Tensor): number {
    const count = Math.min(this.#recentCount, recentCapacity);
    const usesRecent = this.#options.repetitionPenalty !== 1 && count > 0;
    const recent = usesRecent ? this.#recent.slice(0, 0, count) : undefined;
    const id = sample(logits, recent, this.#generator, this.#options);
    this.accept(id);
    return id;
  }
}
