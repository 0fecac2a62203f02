/**
 * Random choices that are the same on every runtime.
 *
 * @module
 */

/** A seeded sequence of choices: splitmix32 (Steele, Lea and Flood 2014). */
export class Choices {
  #state: number;

  /** Starts the sequence of a story: `index` among those of `seed`. */
  constructor(seed: number, index: number) {
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) >>> 0;
    this.#state = (this.#bits() ^ Math.imul(index, 0x85ebca6b)) >>> 0;
    this.#bits();
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor(this.#bits() / 2 ** 32 * count);
  }

  /** True in `share` of all cases. */
  chance(share: number): boolean {
    return this.#bits() / 2 ** 32 < share;
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  #bits(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }
}
