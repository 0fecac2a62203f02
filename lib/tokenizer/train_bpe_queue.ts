/**
 * The order in which BPE training joins pairs: a binary heap.
 *
 * @module
 */

/**
 * Pairs by count, the largest first; of equal counts the smallest key first.
 *
 * A pair keeps the count that it was pushed with; who pops it compares that with the true one.
 */
export class PairQueue {
  /** The key of each pair by its number, as the caller extends it. */
  readonly #keys: readonly number[];
  readonly #counts: number[] = [];
  readonly #pairs: number[] = [];

  /** An empty queue of pairs whose keys stand in this list. */
  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  /** Number of entries. */
  get size(): number {
    return this.#pairs.length;
  }

  /** The count that the next pair was pushed with. */
  get nextCount(): number {
    return this.#counts[0];
  }

  #isBefore(count: number, pair: number, slot: number): boolean {
    const other = this.#counts[slot];
    return count > other ||
      (count === other && this.#keys[pair] < this.#keys[this.#pairs[slot]]);
  }

  /** Adds a pair with its count of now. */
  push(pair: number, count: number): void {
    let slot = this.#pairs.length;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (!this.#isBefore(count, pair, parent)) break;
      this.#counts[slot] = this.#counts[parent];
      this.#pairs[slot] = this.#pairs[parent];
      slot = parent;
    }
    this.#counts[slot] = count;
    this.#pairs[slot] = pair;
  }

  /** Removes the first pair and gives it; the queue must not be empty. */
  pop(): number {
    const first = this.#pairs[0];
    const pair = this.#pairs.pop() as number;
    const count = this.#counts.pop() as number;
    const size = this.#pairs.length;
    if (size === 0) return first;
    let slot = 0;
    for (let child = 1; child < size; child = slot * 2 + 1) {
      const right = child + 1;
      if (right < size && this.#isBefore(this.#counts[right], this.#pairs[right], child)) {
        child = right;
      }
      if (this.#isBefore(count, pair, child)) break;
      this.#counts[slot] = this.#counts[child];
      this.#pairs[slot] = this.#pairs[child];
      slot = child;
    }
    this.#counts[slot] = count;
    this.#pairs[slot] = pair;
    return first;
  }
}
