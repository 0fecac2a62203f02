/**
 * Random numbers: initial weights, the order of samples, transforms.
 *
 * @module
 */

import { unexpected } from "./arguments.ts";
import { portableLog, portableSineAndCosine } from "./portable_math.ts";
import { QorusError } from "../native/error.ts";

/** Where a generator stands, as numbers that JSON keeps exactly. */
export interface RandomState {
  /** Four whole numbers of 32 bits, not all 0. */
  readonly words: readonly number[];
  /** The second of a pair of normally distributed numbers, where only one has been taken. */
  readonly spare?: number;
}

/** A seeded generator: xoshiro128** (Blackman and Vigna 2018), the same on every runtime. */
export class Random {
  readonly #state = new Uint32Array(4);
  #spare: number | undefined;

  /**
   * Starts the sequence that belongs to the seed, a whole number of which the lowest 32 bits count.
   *
   * @throws {QorusError} `invalid_argument` when it is not whole.
   */
  constructor(seed: number) {
    this.restart(seed);
  }

  /** Starts the sequence that belongs to another seed, as a new generator would. */
  restart(seed: number): void {
    if (!Number.isInteger(seed)) throw unexpected(seed, "a whole number", "seed", "random");
    this.#spare = undefined;
    // Splitmix32 spreads the seed over the state.
    let mixed = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let z = mixed;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.#state[i] = z ^ (z >>> 15);
    }
  }

  /** Where the generator stands; {@linkcode Random.restore} goes on from there. */
  state(): RandomState {
    const words = [...this.#state];
    return this.#spare === undefined ? { words } : { words, spare: this.#spare };
  }

  /**
   * Goes on from a state: the numbers that follow are those that followed it.
   *
   * @throws {QorusError} `invalid_argument` when it is not what `state` gives; the generator then
   * stays as it was.
   *
   * @example
   * ```ts
   * import { Random } from "@qorus/qorus";
   *
   * const generator = new Random(7);
   * const state = generator.state();
   * const first = generator.normal();
   * generator.restore(state);
   * generator.normal() === first; // true
   * ```
   */
  restore(state: RandomState): void {
    const { words, spare } = state ?? {};
    const areWords = Array.isArray(words) && words.length === 4 &&
      words.every((word) => word === word >>> 0) && words.some((word) => word !== 0);
    if (!areWords || !(spare === undefined || Number.isFinite(spare))) {
      throw new QorusError(
        "invalid_argument",
        `random: a state has four words of 32 bits, not all 0, and perhaps a finite spare; given ` +
          JSON.stringify({ words, spare }),
        { op: "restore", given: { words, spare }, expected: "what state() gives" },
      );
    }
    this.#state.set(words);
    this.#spare = spare;
  }

  /** 32 random bits. */
  bits(): number {
    const s = this.#state;
    const rotated = Math.imul(s[1], 5);
    const result = Math.imul((rotated << 7) | (rotated >>> 25), 9);
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result >>> 0;
  }

  /** A whole number from 0 to `count - 1`, each as likely; `count` is at most 2^32. */
  below(count: number): number {
    return Math.floor((this.bits() / 2 ** 32) * count);
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / 2 ** 32);
  }

  /** Normally distributed (Box and Muller 1958); the same numbers in every JavaScript engine. */
  normal(mean = 0, standardDeviation = 1): number {
    if (this.#spare !== undefined) {
      const value = this.#spare;
      this.#spare = undefined;
      return mean + standardDeviation * value;
    }
    const radius = Math.sqrt(-2 * portableLog(1 - this.uniform()));
    const [sine, cosine] = portableSineAndCosine(this.uniform());
    this.#spare = radius * sine;
    return mean + standardDeviation * radius * cosine;
  }
}

let shared = new Random(0x51_0a_05);

/**
 * Seeds the generator that initial weights and dropout are drawn from.
 *
 * @param seed a whole number, of which the lowest 32 bits count
 * @throws {QorusError} `invalid_argument` when it is not whole.
 */
export function manualSeed(seed: number): void {
  shared = new Random(seed);
}

/** Where the generator stands that initial weights and dropout are drawn from. */
export function randomState(): RandomState {
  return shared.state();
}

/**
 * Sets the generator that initial weights and dropout are drawn from to where it stood.
 *
 * @throws {QorusError} `invalid_argument` when it is not what `randomState` gives.
 *
 * @example
 * ```ts
 * import { randn, randomState, setRandomState } from "@qorus/qorus";
 *
 * const state = randomState();
 * const first = randn([3]);
 * setRandomState(state);
 * const again = randn([3]); // the same numbers
 * ```
 */
export function setRandomState(state: RandomState): void {
  shared.restore(state);
}

/** The generator that initial weights and dropout are drawn from. */
export function random(): Random {
  return shared;
}
