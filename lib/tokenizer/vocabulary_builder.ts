/**
 * Collects pieces by id, in any order, and makes tables of them.
 *
 * @module
 */

import { pieceTypes } from "./definition.ts";
import { invalidFile } from "./file_errors.ts";
import { PieceTable } from "./pieces.ts";

/** The tables of a vocabulary. */
export interface Vocabulary {
  readonly pieces: PieceTable;
  readonly types: Uint8Array;
}

const empty = new Uint8Array(0);

/** Pieces by id; ids that nothing was set for become empty pieces of type `unused`. */
export class VocabularyBuilder {
  readonly #pieces: Uint8Array[] = [];
  readonly #types: number[] = [];
  readonly #path: string;

  /** An empty vocabulary; `path` is for messages. */
  constructor(path: string) {
    this.#path = path;
  }

  /** One more than the largest id. */
  get size(): number {
    return this.#pieces.length;
  }

  /** Whether something was set for the id. */
  has(id: number): boolean {
    return id < this.size && this.#types[id] !== pieceTypes.unused;
  }

  /** Sets an id, replacing what was there. */
  set(id: number, piece: Uint8Array, type: number): void {
    while (this.#pieces.length < id) {
      this.#pieces.push(empty);
      this.#types.push(pieceTypes.unused);
    }
    this.#pieces[id] = piece;
    this.#types[id] = type;
  }

  /** Sets an id that nothing was set for. */
  add(id: number, piece: Uint8Array, type: number): void {
    if (this.has(id)) {
      throw invalidFile(this.#path, `piece ${id}`, "given twice", "one piece for each id");
    }
    this.set(id, piece, type);
  }

  /** The tables. */
  build(): Vocabulary {
    return { pieces: PieceTable.of(this.#pieces), types: Uint8Array.from(this.#types) };
  }
}
