/**
 * Choosing a token from logits.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import { handleOf, type Tensor } from "../core/tensor.ts";

/** Index of the largest element of an f32 vector, the first of equals. */
export function argmax(x: Tensor): number {
  return context().check(context().native.q_argmax(handleOf(x, "argmax")), "argmax");
}

/** The state of a random number generator, kept in native memory. */
export class Generator implements Disposable {
  /** The state: i32 `[8]`. */
  readonly state: Tensor;

  /** Seeds a generator whose state lives in a state arena. */
  constructor(seed: number, arena: number) {
    this.state = empty([8], { dtype: "i32", state: arena });
    this.seed(seed);
  }

  /** Starts the sequence that belongs to this seed: any number, of which 64 bits count. */
  seed(seed: number): void {
    const low = seed >>> 0;
    const high = Math.floor(seed / 2 ** 32) >>> 0;
    context().check(context().native.q_seed(handleOf(this.state, "seed"), low, high), "seed");
  }

  /** Ends the state's tensor. */
  [Symbol.dispose](): void {
    this.state[Symbol.dispose]();
  }
}

/** How {@linkcode sample} chooses; see `SamplingOptions` of language models. */
export interface SampleOptions {
  /** Divides the logits; 0 takes the most likely token. */
  temperature: number;
  /** Keeps only the k most likely tokens; 0 keeps all. */
  topK: number;
  /** Keeps the most likely tokens that together have this probability. */
  topP: number;
  /** Drops tokens less likely than this share of the most likely one. */
  minP: number;
  /** Makes recent tokens less likely above 1. */
  repetitionPenalty: number;
}

/**
 * Draws an index from logits.
 *
 * @param logits f32, one vector; not changed
 * @param recent i32 vector of tokens that the repetition penalty concerns
 * @param generator advanced by one draw unless the temperature is 0
 */
export function sample(
  logits: Tensor,
  recent: Tensor | undefined,
  generator: Generator,
  options: SampleOptions,
): number {
  const op = "sample";
  const library = context();
  const { parameters, floatParameters } = library;
  floatParameters[0] = options.temperature;
  parameters[1] = options.topK;
  floatParameters[2] = options.topP;
  floatParameters[3] = options.minP;
  floatParameters[4] = options.repetitionPenalty;
  return library.check(
    library.native.q_sample(
      handleOf(logits, op),
      recent === undefined ? 0 : handleOf(recent, op),
      handleOf(generator.state, op),
    ),
    op,
  );
}
