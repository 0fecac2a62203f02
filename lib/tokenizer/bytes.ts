/**
 * The tokenizer without a vocabulary: each byte of UTF-8 is an id, and three ids more.
 *
 * @module
 */

import { BaseTokenizer, bytePieceIds } from "./base_tokenizer.ts";
import {
  definitionDefaults,
  pieceTypes,
  plainAddedToken,
  type TokenizerDefinition,
} from "./definition.ts";
import type { IdList } from "./id_list.ts";
import { PieceTable } from "./pieces.ts";

const utf8 = new TextEncoder();

/** Spelling of the special tokens, which follow the bytes: ids 256, 257 and 258. */
const specialPieces = ["<s>", "</s>", "<pad>"];

/**
 * The definition of the byte tokenizer: ids 0 to 255 are bytes, 256 begins a text, 257 ends it and
 * 258 pads.
 */
export function byteDefinition(): TokenizerDefinition {
  const pieces = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const types = new Uint8Array(256 + specialPieces.length).fill(pieceTypes.byte, 0, 256);
  types.fill(pieceTypes.control, 256);
  return {
    ...definitionDefaults,
    kind: "bytes",
    pieces: PieceTable.of([...pieces, ...specialPieces.map((piece) => utf8.encode(piece))]),
    types,
    addedTokens: specialPieces.map((piece, index) => plainAddedToken(256 + index, piece, true)),
    beginToken: 256,
    endTokens: [257],
    padToken: 258,
    addBos: true,
    parseSpecial: false,
  };
}

/** A tokenizer of kind `bytes`. */
export class ByteTokenizer extends BaseTokenizer {
  readonly #idOfByte: Int32Array;

  /** Takes a checked definition; `path` is for messages. */
  constructor(definition: TokenizerDefinition, path: string) {
    super(definition, path);
    this.#idOfByte = bytePieceIds(definition);
  }

  protected override encodePlain(text: string, ids: IdList): void {
    const bytes = utf8.encode(text);
    ids.append(Uint32Array.from(bytes, (byte) => this.#idOfByte[byte]));
  }

  protected override idOfByte(byte: number): number | undefined {
    return this.#idOfByte[byte];
  }

  protected override idOfOrdinary(_piece: string): number | undefined {
    return undefined;
  }
}
