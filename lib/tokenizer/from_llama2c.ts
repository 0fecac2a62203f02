/**
 * Reads llama2.c's `tokenizer.bin`: SentencePiece's pieces and scores without its flags.
 *
 * int32 longest piece; then for each piece float32 score, int32 length, the bytes. Little-endian.
 * Piece 0 is unknown, 1 begins and 2 ends a text, 3 to 258 are bytes; a space is a plain space.
 *
 * @module
 */

import {
  bytePieceName,
  definitionDefaults,
  pieceTypes,
  type TokenizerDefinition,
} from "./definition.ts";
import { decodeText, invalidFile } from "./file_errors.ts";
import { addedTokensOfTypes, sentencePieceNormalizers } from "./from_sentencepiece.ts";
import { VocabularyBuilder } from "./vocabulary_builder.ts";

const unknownId = 0;
const beginId = 1;
const endId = 2;
const firstByteId = 3;
const firstOrdinaryId = firstByteId + 256;
const specialNames = ["<unk>", "<s>", "</s>"];
const utf8 = new TextEncoder();

function addPiece(vocabulary: VocabularyBuilder, piece: Uint8Array, path: string): void {
  const id = vocabulary.size;
  if (id >= firstByteId && id < firstOrdinaryId) {
    const byte = id - firstByteId;
    const text = decodeText(piece, path, `piece ${id}`);
    if (text.toUpperCase() !== bytePieceName(byte).toUpperCase()) {
      throw invalidFile(path, `piece ${id}`, text, bytePieceName(byte));
    }
    vocabulary.set(id, Uint8Array.of(byte), pieceTypes.byte);
  } else if (id < firstByteId) {
    // llama2.c's exporter writes begin and end as "\n<s>\n" and "\n</s>\n".
    const name = decodeText(piece, path, `piece ${id}`).trim();
    if (name !== specialNames[id]) {
      throw invalidFile(path, `piece ${id}`, name, `"${specialNames[id]}"`);
    }
    const type = id === unknownId ? pieceTypes.unknown : pieceTypes.control;
    vocabulary.set(id, utf8.encode(name), type);
  } else {
    vocabulary.set(id, piece, pieceTypes.normal);
  }
}

/**
 * The definition in a `tokenizer.bin`, not yet checked as a whole.
 *
 * @throws QorusError `invalid_file` naming the piece.
 */
export function readLlama2c(bytes: Uint8Array, path: string): TokenizerDefinition {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) throw invalidFile(path, "the file", `${bytes.length} bytes`, "4 or more");
  const longest = view.getInt32(0, true);
  const vocabulary = new VocabularyBuilder(path);
  const scores: number[] = [];
  for (let position = 4; position < bytes.length;) {
    const field = `piece ${scores.length}`;
    const left = bytes.length - position - 8;
    if (left < 0) throw invalidFile(path, field, `${left + 8} bytes`, "8 bytes and its text");
    const length = view.getInt32(position + 4, true);
    if (length < 1 || length > longest || length > left) {
      const most = Math.min(longest, left);
      throw invalidFile(path, `the length of ${field}`, length, `1 to ${most}`);
    }
    scores.push(view.getFloat32(position, true));
    addPiece(vocabulary, bytes.subarray(position + 8, position + 8 + length), path);
    position += 8 + length;
  }
  if (vocabulary.size < firstOrdinaryId) {
    const given = vocabulary.size;
    throw invalidFile(path, "the number of pieces", given, `at least ${firstOrdinaryId}`);
  }
  const { pieces, types } = vocabulary.build();
  return {
    ...definitionDefaults,
    kind: "sentencePiece",
    pieces,
    types,
    ranking: "scores",
    scores: Float32Array.from(scores),
    normalizers: sentencePieceNormalizers({
      collapseSpaces: false,
      addSpacePrefix: true,
      escapeSpaces: false,
    }),
    addedTokens: addedTokensOfTypes(pieces, types),
    stripLeadingSpace: true,
    beginToken: beginId,
    endTokens: [endId],
    unknownToken: unknownId,
    addBos: true,
    parseSpecial: false,
  };
}
