/**
 * Byte-pair encoding's one inner loop: join the most urgent pair of neighbours until none is left.
 *
 * The symbols are a linked list and the pairs wait in a binary heap, so a text of n symbols takes
 * O(n log n) steps whatever it says. Sennrich, Haddow and Birch, "Neural Machine Translation of
 * Rare Words with Subword Units" (2016).
 *
 * @module
 */

import type { MergeRules } from "./merge_rules.ts";

/** A pair in the heap is `rank * 2^32 + position`: the most urgent first, then the leftmost. */
const positionRange = 2 ** 32;

/** Joins symbols by rules; keeps its working memory between calls. */
export class Merger {
  readonly #rules: MergeRules;
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  /** Number of the join of each symbol with its next, or -1. */
  #joins = new Int32Array(0);
  #heap = new Float64Array(0);
  #heapSize = 0;
  /** Comparisons made in heaps so far; tests hold it against n log n. */
  comparisons = 0;

  /** Joins by these rules. */
  constructor(rules: MergeRules) {
    this.#rules = rules;
  }

  /**
   * Joins the first `count` of `symbols` in place and gives how many are left.
   *
   * A symbol below zero is unknown and never joined. `starts[i]` becomes the position where the
   * i-th symbol left began. Joining stops early when `atLeast` symbols are left.
   */
  merge(symbols: Int32Array, starts: Uint32Array, count: number, atLeast = 1): number {
    this.#reserve(count);
    this.#link(symbols, count);
    let left = count;
    while (this.#heapSize > 0 && left > atLeast) {
      const key = this.#pop();
      const rank = Math.floor(key / positionRange);
      const position = key - rank * positionRange;
      const join = this.#joins[position];
      // A pair that was joined or lost a neighbour since it was pushed is not there any more.
      if (join < 0 || this.#rules.ranks[join] !== rank) continue;
      this.#join(symbols, position, join);
      left--;
    }
    return this.#collect(symbols, starts, count);
  }

  #reserve(count: number): void {
    if (this.#next.length >= count) return;
    const capacity = Math.max(64, count, this.#next.length * 2);
    this.#next = new Int32Array(capacity);
    this.#previous = new Int32Array(capacity);
    this.#joins = new Int32Array(capacity);
    // At most one pair for each neighbour at the start and two for each of count - 1 joins.
    this.#heap = new Float64Array(capacity * 3);
  }

  #link(symbols: Int32Array, count: number): void {
    this.#heapSize = 0;
    for (let position = 0; position < count; position++) {
      this.#previous[position] = position - 1;
      this.#next[position] = position + 1 < count ? position + 1 : -1;
      this.#joins[position] = -1;
      if (position + 1 >= count) continue;
      const join = this.#rules.find(symbols[position], symbols[position + 1]);
      this.#joins[position] = join;
      if (join >= 0) {
        this.#heap[this.#heapSize++] = this.#rules.ranks[join] * positionRange + position;
      }
    }
    for (let slot = (this.#heapSize >> 1) - 1; slot >= 0; slot--) this.#siftDown(slot);
  }

  #join(symbols: Int32Array, position: number, join: number): void {
    const gone = this.#next[position];
    const after = this.#next[gone];
    const before = this.#previous[position];
    symbols[position] = this.#rules.merged[join];
    this.#next[position] = after;
    this.#joins[gone] = -1;
    if (after >= 0) this.#previous[after] = position;
    this.#findJoin(symbols, position, after);
    if (before >= 0) this.#findJoin(symbols, before, position);
  }

  #findJoin(symbols: Int32Array, position: number, next: number): void {
    const join = next < 0 ? -1 : this.#rules.find(symbols[position], symbols[next]);
    this.#joins[position] = join;
    if (join >= 0) this.#push(this.#rules.ranks[join] * positionRange + position);
  }

  #collect(symbols: Int32Array, starts: Uint32Array, count: number): number {
    let left = 0;
    for (let position = count > 0 ? 0 : -1; position >= 0; position = this.#next[position]) {
      symbols[left] = symbols[position];
      starts[left++] = position;
    }
    return left;
  }

  #push(key: number): void {
    const heap = this.#heap;
    let slot = this.#heapSize++;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      this.comparisons++;
      if (heap[parent] <= key) break;
      heap[slot] = heap[parent];
      slot = parent;
    }
    heap[slot] = key;
  }

  #pop(): number {
    const key = this.#heap[0];
    const last = this.#heap[--this.#heapSize];
    if (this.#heapSize > 0) {
      this.#heap[0] = last;
      this.#siftDown(0);
    }
    return key;
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    const size = this.#heapSize;
    const key = heap[start];
    let slot = start;
    for (let child = slot * 2 + 1; child < size; child = slot * 2 + 1) {
      if (child + 1 < size && heap[child + 1] < heap[child]) child++;
      this.comparisons += 2;
      if (heap[child] >= key) break;
      heap[slot] = heap[child];
      slot = child;
    }
    heap[slot] = key;
  }
}
