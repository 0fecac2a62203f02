/**
 * A running mean.
 *
 * @module
 */

import type { Json, Stateful } from "../checkpoint/state.ts";

/**
 * The weighted mean of numbers, such as losses of batches weighted by their samples.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const loss = new train.Mean();
 * loss.add(2.5, 128);
 * loss.add(1.5, 64);
 * console.log(loss.value); // 2.1667
 * ```
 */
export class Mean implements Stateful<Json> {
  #sum = 0;
  #weight = 0;

  /** Takes a number in. */
  add(value: number, weight = 1): void {
    this.#sum += value * weight;
    this.#weight += weight;
  }

  /** The mean; NaN when there is nothing. */
  get value(): number {
    return this.#sum / this.#weight;
  }

  /** The sum of the weights. */
  get weight(): number {
    return this.#weight;
  }

  /** Forgets everything. */
  reset(): void {
    this.#sum = 0;
    this.#weight = 0;
  }

  /** What a later run needs to go on. */
  stateDict(): Json {
    return [this.#sum, this.#weight];
  }

  /** Goes on from a state. */
  loadStateDict(state: Json): void {
    const [sum, weight] = state as readonly number[];
    this.#sum = sum;
    this.#weight = weight;
  }
}
