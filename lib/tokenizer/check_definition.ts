/**
 * Checks a tokenizer's data before anything is built from it, whatever file it came from.
 *
 * @module
 */

import { pieceTypes, type TokenizerDefinition } from "./definition.ts";
import { decodeText, invalidFile, largestVocabulary } from "./file_errors.ts";
import { PieceIndex, type PieceTable } from "./pieces.ts";

function checkSizes(definition: TokenizerDefinition, path: string): void {
  const { pieces, types, ranking, merges, scores } = definition;
  const size = pieces.length;
  if (size < 1 || size > largestVocabulary) {
    throw invalidFile(path, "the number of pieces", size, `1 to ${largestVocabulary}`);
  }
  if (types.length !== size) {
    throw invalidFile(path, "the number of piece types", types.length, `${size}, one a piece`);
  }
  if (ranking === "scores" && scores.length !== size) {
    throw invalidFile(path, "the number of scores", scores.length, `${size}, one a piece`);
  }
  if (merges.length % 3 !== 0 || merges.length / 3 > largestVocabulary) {
    throw invalidFile(path, "the number of merges", merges.length / 3, `0 to ${largestVocabulary}`);
  }
}

/** Refuses two ids with the same bytes where encoding could mean either. */
function checkUnique(definition: TokenizerDefinition, path: string): void {
  const { pieces, types } = definition;
  for (const type of [pieceTypes.normal, pieceTypes.byte]) {
    const { duplicate } = new PieceIndex(pieces, (id) => types[id] === type);
    if (duplicate === undefined) continue;
    const given = pieces.text(duplicate);
    throw invalidFile(path, `piece ${duplicate}`, given, "a piece that no other id has too");
  }
}

/** Large vocabularies are read often: this makes no view of each piece. */
function isAscii({ bytes, offsets }: PieceTable, id: number): boolean {
  for (let at = offsets[id]; at < offsets[id + 1]; at++) if (bytes[at] >= 0x80) return false;
  return true;
}

function checkPieces(definition: TokenizerDefinition, path: string): void {
  const { pieces, types, kind } = definition;
  for (let id = 0; id < pieces.length; id++) {
    const type = types[id];
    if (type < pieceTypes.normal || type > pieceTypes.byte) {
      throw invalidFile(path, `the type of piece ${id}`, type, "1 to 6");
    }
    const isByte = type === pieceTypes.byte;
    if (isByte && pieces.byteLength(id) !== 1) {
      throw invalidFile(path, `byte piece ${id}`, pieces.text(id), "one byte");
    }
    if (type === pieceTypes.normal && pieces.byteLength(id) === 0) {
      throw invalidFile(path, `piece ${id}`, "", "at least one byte");
    }
    if (isByte || (kind === "byteLevel" && type === pieceTypes.normal)) continue;
    if (!isAscii(pieces, id)) decodeText(pieces.at(id), path, `piece ${id}`);
  }
  checkUnique(definition, path);
  let byteCount = 0;
  for (let id = 0; id < types.length; id++) if (types[id] === pieceTypes.byte) byteCount++;
  if (kind === "bytes" && byteCount !== 256) {
    throw invalidFile(path, "the number of byte pieces", byteCount, "256");
  }
}

function checkMerges(definition: TokenizerDefinition, path: string): void {
  const { pieces: { bytes, offsets, length }, merges } = definition;
  for (let index = 0; index < merges.length; index += 3) {
    const [left, right, joined] = [merges[index], merges[index + 1], merges[index + 2]];
    if (left >= length || right >= length || joined >= length) {
      const ids = `${left}, ${right} to ${joined}`;
      throw invalidFile(path, `merge ${index / 3}`, ids, `ids below ${length}`);
    }
    const middle = offsets[left + 1] - offsets[left];
    const total = middle + offsets[right + 1] - offsets[right];
    let same = offsets[joined + 1] - offsets[joined] === total;
    for (let at = 0; same && at < total; at++) {
      const part = at < middle ? offsets[left] + at : offsets[right] + at - middle;
      same = bytes[offsets[joined] + at] === bytes[part];
    }
    if (!same) {
      const what = `piece ${joined}, ${JSON.stringify(definition.pieces.text(joined))}`;
      throw invalidFile(path, `merge ${index / 3}`, what, `piece ${left} followed by ${right}`);
    }
  }
}

function checkIds(definition: TokenizerDefinition, path: string): void {
  const size = definition.pieces.length;
  const check = (field: string, id: number | undefined) => {
    if (id === undefined || (Number.isInteger(id) && id >= 0 && id < size)) return;
    throw invalidFile(path, field, id, `an id below ${size}`);
  };
  check("the begin token", definition.beginToken);
  check("the pad token", definition.padToken);
  check("the unknown token", definition.unknownToken);
  for (const id of definition.endTokens) check("the end token", id);
  for (const token of definition.addedTokens) {
    check("the id of an added token", token.id);
    if (token.content === "") {
      throw invalidFile(path, `the text of added token ${token.id}`, "", "at least one character");
    }
  }
}

/**
 * Gives the definition back when every id, piece, merge and score in it makes sense.
 *
 * @throws QorusError `invalid_file` naming the file and the field.
 */
export function checkDefinition(
  definition: TokenizerDefinition,
  path: string,
): TokenizerDefinition {
  checkSizes(definition, path);
  checkPieces(definition, path);
  checkMerges(definition, path);
  checkIds(definition, path);
  const badScore = definition.scores.findIndex((score) => Number.isNaN(score));
  if (badScore >= 0) {
    throw invalidFile(path, `the score of piece ${badScore}`, Number.NaN, "a number");
  }
  return definition;
}
