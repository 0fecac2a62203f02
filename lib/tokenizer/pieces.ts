/**
 * The byte strings of a vocabulary, all in one block of memory.
 *
 * @module
 */

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Byte strings by id.
 *
 * Piece `id` is `bytes[offsets[id] .. offsets[id + 1])`.
 */
export class PieceTable {
  /** All pieces, one after the other. */
  readonly bytes: Uint8Array;
  /** Where each piece starts, and the end of the last: one more than there are pieces. */
  readonly offsets: Uint32Array;

  /** Takes offsets that never fall and end at the number of bytes; the caller has checked. */
  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes;
    this.offsets = offsets;
  }

  /** A table of byte strings given one by one. */
  static of(pieces: readonly Uint8Array[]): PieceTable {
    const offsets = new Uint32Array(pieces.length + 1);
    for (const [id, piece] of pieces.entries()) offsets[id + 1] = offsets[id] + piece.length;
    const bytes = new Uint8Array(offsets[pieces.length]);
    for (const [id, piece] of pieces.entries()) bytes.set(piece, offsets[id]);
    return new PieceTable(bytes, offsets);
  }

  /** Number of pieces. */
  get length(): number {
    return this.offsets.length - 1;
  }

  /** Number of bytes of a piece. */
  byteLength(id: number): number {
    return this.offsets[id + 1] - this.offsets[id];
  }

  /** A view of a piece's bytes. */
  at(id: number): Uint8Array {
    return this.bytes.subarray(this.offsets[id], this.offsets[id + 1]);
  }

  /** A piece as text; bytes that are no UTF-8 become U+FFFD. */
  text(id: number): string {
    return utf8.decode(this.at(id));
  }
}

/** Slots of an index over so many pieces: at most half of them are taken. */
export function indexSlots(pieceCount: number): number {
  let count = 16;
  while (count < pieceCount * 2) count *= 2;
  return count;
}

/** FNV-1a's own start: indexes that are kept in files hash from here. */
const storedSeed = 0x811c9dc5 | 0;

/**
 * Finds pieces by their bytes: a hash table with open addressing that makes no strings.
 *
 * The hash is FNV-1a from a random start, so that no file can be made to collide, unless the table
 * itself comes from a file.
 */
export class PieceIndex {
  readonly #pieces: PieceTable;
  readonly #mask: number;
  readonly #seed: number;
  /** Ids plus one; zero is free. A power of two of them. */
  readonly slots: Uint32Array;
  /** The first id whose bytes another id has too, if there is one; the earlier id is found. */
  readonly duplicate?: number;

  private constructor(
    pieces: PieceTable,
    slots: Uint32Array,
    seed: number,
    included?: Uint8Array,
  ) {
    this.#pieces = pieces;
    this.#mask = slots.length - 1;
    this.#seed = seed;
    this.slots = slots;
    if (included !== undefined) this.duplicate = this.#fill(included);
  }

  /** Indexes the pieces whose entry in `included` is not zero; `isStored` for a file. */
  static of(pieces: PieceTable, included: Uint8Array, isStored = false): PieceIndex {
    const seed = isStored ? storedSeed : Math.floor(Math.random() * 2 ** 32) | 0;
    return new PieceIndex(pieces, new Uint32Array(indexSlots(pieces.length)), seed, included);
  }

  /** An index out of a file: slots that were checked, one of them free. */
  static stored(pieces: PieceTable, slots: Uint32Array): PieceIndex {
    return new PieceIndex(pieces, slots, storedSeed);
  }

  /**
   * Takes up the pieces and returns the first that is there already. A program that has just begun
   * interprets this loop: it calls nothing for a piece that meets no other.
   */
  #fill(included: Uint8Array): number | undefined {
    const { bytes, offsets, length } = this.#pieces;
    const { slots } = this;
    const mask = this.#mask;
    let duplicate: number | undefined;
    for (let id = 0, end = offsets[0]; id < length; id++) {
      const start = end;
      end = offsets[id + 1];
      if (included[id] === 0) continue;
      let hash = this.#seed;
      for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
      let slot = (hash ^ (hash >>> 15)) & mask;
      if (slots[slot] !== 0) slot = this.#slot(hash, bytes, start, end, end);
      if (slots[slot] === 0) slots[slot] = id + 1;
      else duplicate ??= id;
    }
    return duplicate;
  }

  #hash(seed: number, bytes: Uint8Array, start: number, end: number): number {
    let hash = seed;
    for (let index = start; index < end; index++) {
      hash = Math.imul(hash ^ bytes[index], 0x01000193);
    }
    return hash;
  }

  /** The slot of `bytes[start .. end)` followed by the piece bytes `[more .. moreEnd)`. */
  #slot(
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    more: number,
    moreEnd = more,
  ): number {
    const { bytes: all, offsets } = this.#pieces;
    const { slots } = this;
    const mask = this.#mask;
    const length = end - start;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const from = offsets[slots[slot] - 1];
      let same = offsets[slots[slot]] - from === length + moreEnd - more;
      for (let index = 0; same && index < length; index++) {
        same = all[from + index] === bytes[start + index];
      }
      for (let index = more; same && index < moreEnd; index++) {
        same = all[from + length + index - more] === all[index];
      }
      if (same) break;
    }
    return slot;
  }

  /** The id of the piece with these bytes, or -1. */
  find(bytes: Uint8Array, start = 0, end = bytes.length): number {
    const hash = this.#hash(this.#seed, bytes, start, end);
    return this.slots[this.#slot(hash, bytes, start, end, 0)] - 1;
  }

  /** The id of the piece that is one piece followed by another, or -1. */
  findJoined(left: number, right: number): number {
    const { bytes, offsets } = this.#pieces;
    const [start, end] = [offsets[left], offsets[left + 1]];
    const [more, moreEnd] = [offsets[right], offsets[right + 1]];
    const hash = this.#hash(this.#hash(this.#seed, bytes, start, end), bytes, more, moreEnd);
    return this.slots[this.#slot(hash, bytes, start, end, more, moreEnd)] - 1;
  }
}
