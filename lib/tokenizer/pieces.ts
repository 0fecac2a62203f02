/**
 * The byte strings of a vocabulary, all in one block of memory.
 *
 * @module
 */

/** How many bytes `String.fromCharCode` gets at once: more arguments may overflow a stack. */
const charactersPerCall = 8192;

/** A string with one character (U+0000 to U+00FF) for each byte; a key for maps of byte strings. */
export function binaryString(bytes: Uint8Array): string {
  if (bytes.length <= charactersPerCall) return String.fromCharCode(...bytes);
  let text = "";
  for (let start = 0; start < bytes.length; start += charactersPerCall) {
    text += String.fromCharCode(...bytes.subarray(start, start + charactersPerCall));
  }
  return text;
}

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
  #binary?: string;

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

  /** A piece with one character for each byte. */
  binary(id: number): string {
    this.#binary ??= binaryString(this.bytes);
    return this.#binary.slice(this.offsets[id], this.offsets[id + 1]);
  }
}
