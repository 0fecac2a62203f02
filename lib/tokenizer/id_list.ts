/**
 * A list of ids that grows.
 *
 * @module
 */

/** Ids in a typed array that doubles when it is full. */
export class IdList {
  #ids = new Uint32Array(64);
  #length = 0;

  #reserve(count: number): void {
    if (this.#length + count <= this.#ids.length) return;
    const larger = new Uint32Array(Math.max(this.#length + count, this.#ids.length * 2));
    larger.set(this.#ids.subarray(0, this.#length));
    this.#ids = larger;
  }

  /** Adds one id. */
  push(id: number): void {
    this.#reserve(1);
    this.#ids[this.#length++] = id;
  }

  /** Adds many ids. */
  append(ids: Uint32Array): void {
    this.#reserve(ids.length);
    this.#ids.set(ids, this.#length);
    this.#length += ids.length;
  }

  /** Number of ids. */
  get length(): number {
    return this.#length;
  }

  /** A copy of the ids from `start` on. */
  toArray(start = 0): Uint32Array {
    return this.#ids.slice(start, this.#length);
  }
}
