/**
 * Checks a tokenizer's data before anything is built from it, whatever file it came from.
 *
 * @module
 */

import { pieceTypes, type TokenizerDefinition } from "./definition.ts";
import { decodeText, invalidFile, isUtf8, largestVocabulary } from "./file_errors.ts";
import { mergeablePieces } from "./merge_rules.ts";
import { PieceIndex } from "./pieces.ts";

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

/** The first normal piece that an earlier normal piece equals. */
function duplicateNormal(definition: TokenizerDefinition): number | undefined {
  const { pieces, types, kind } = definition;
  // A file's index was made by a writer that has checked this; it knows of no duplicates. The
  // index that encoding needs anyway has all normal pieces, and in most vocabularies no others.
  if (kind !== "sentencePiece" || !types.includes(pieceTypes.unused)) {
    return mergeablePieces(definition).duplicate;
  }
  return PieceIndex.of(pieces, types.map((type) => Number(type === pieceTypes.normal))).duplicate;
}

/** Refuses two ids with the same bytes where encoding could mean either. */
function checkUnique(definition: TokenizerDefinition, path: string): void {
  const duplicate = duplicateNormal(definition) ?? duplicateByte(definition);
  if (duplicate === undefined) return;
  const given = definition.pieces.text(duplicate);
  throw invalidFile(path, `piece ${duplicate}`, given, "a piece that no other id has too");
}

/** The first byte piece that an earlier byte piece equals. */
function duplicateByte({ pieces: { bytes, offsets }, types }: TokenizerDefinition) {
  const isKnown = new Uint8Array(256);
  let id = types.indexOf(pieceTypes.byte);
  for (; id >= 0; id = types.indexOf(pieceTypes.byte, id + 1)) {
    const byte = bytes[offsets[id]];
    if (isKnown[byte] === 1) return id;
    isKnown[byte] = 1;
  }
  return undefined;
}

/**
 * Refuses pieces that are no UTF-8 although they are text. Texts that follow each other are decoded
 * at once: no character reaches into the next piece unless that starts amid a character.
 */
function checkTexts(definition: TokenizerDefinition, path: string): void {
  const { pieces, types, kind } = definition;
  const { bytes, offsets } = pieces;
  const checkRun = (first: number, end: number, isSplit: boolean) => {
    if (first === end) return;
    if (!isSplit && isUtf8(bytes.subarray(offsets[first], offsets[end]))) return;
    for (let id = first; id < end; id++) decodeText(pieces.at(id), path, `piece ${id}`);
  };
  let first = 0;
  let isSplit = false;
  for (let id = 0; id < types.length; id++) {
    const type = types[id];
    if (type === pieceTypes.byte || (kind === "byteLevel" && type === pieceTypes.normal)) {
      checkRun(first, id, isSplit);
      first = id + 1;
      isSplit = false;
    } else if (offsets[id] < bytes.length && (bytes[offsets[id]] & 0xc0) === 0x80) isSplit = true;
  }
  checkRun(first, types.length, isSplit);
}

function checkPieces(definition: TokenizerDefinition, path: string): void {
  const { pieces, types, kind } = definition;
  const { offsets } = pieces;
  let byteCount = 0;
  for (let id = 0; id < types.length; id++) {
    const type = types[id];
    if (type < pieceTypes.normal || type > pieceTypes.byte) {
      throw invalidFile(path, `the type of piece ${id}`, type, "1 to 6");
    }
    const length = offsets[id + 1] - offsets[id];
    if (type === pieceTypes.byte) {
      byteCount++;
      if (length !== 1) throw invalidFile(path, `byte piece ${id}`, pieces.text(id), "one byte");
    } else if (type === pieceTypes.normal && length === 0) {
      throw invalidFile(path, `piece ${id}`, "", "at least one byte");
    }
  }
  checkTexts(definition, path);
  checkUnique(definition, path);
  if (kind === "bytes" && byteCount !== 256) {
    throw invalidFile(path, "the number of byte pieces", byteCount, "256");
  }
}

function checkMerges(definition: TokenizerDefinition, path: string): void {
  const { pieces: { bytes, offsets, length }, merges } = definition;
  for (let index = 0; index < merges.length; index += 3) {
    const left = merges[index];
    const right = merges[index + 1];
    const joined = merges[index + 2];
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
  const { scores } = definition;
  if (scores.includes(Number.NaN)) {
    const piece = scores.findIndex((score) => Number.isNaN(score));
    throw invalidFile(path, `the score of piece ${piece}`, Number.NaN, "a number");
  }
  return definition;
}
