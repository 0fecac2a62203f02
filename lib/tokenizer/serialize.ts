/**
 * The compact form of a tokenizer inside of `.qorus` files.
 *
 * Little-endian, no padding; every array of 32-bit values starts at a multiple of four bytes:
 *
 * | bytes | content |
 * | --- | --- |
 * | 4 | magic `QTOK` |
 * | u32 | version: 2, or 1 in older files, which have no index |
 * | u32 | number of pieces P |
 * | u32 | number of bytes of all pieces B |
 * | u32 | number of merges M |
 * | u32 | number of scores S: P or 0 |
 * | u32 | number of bytes of the settings J |
 * | u32 | number of index slots H: zero, or the least power of two from 16 and 2P on |
 * | u32 x (P + 1) | where each piece starts in the piece bytes, and B |
 * | u32 x 3M | left id, right id and joined id of each merge, best first |
 * | f32 x S | score of each piece |
 * | u32 x H | index: a hash table of the pieces that merges may make, see below |
 * | u8 x P | type of each piece: 1 normal, 2 unknown, 3 control, 4 user, 5 unused, 6 byte |
 * | u8 x B | the bytes of the pieces, one after the other |
 * | u8 x J | settings: a JSON object in UTF-8 with the other members of `TokenizerDefinition` |
 *
 * The index saves readers from hashing all pieces. A slot is zero where it is free, else an id
 * plus one. With h the FNV-1a hash of a piece's bytes (32 bits, start 811C9DC5h, prime 01000193h),
 * the piece is in slot `(h xor (h >> 15)) mod H`, or in the next that was free (after the last
 * comes the first) when ids were entered in ascending order. Pieces of type normal are in it, and
 * with kind `sentencePiece` those of type unused that are not empty.
 *
 * @module
 */

import {
  type AddedToken,
  definitionDefaults,
  type SplitStep,
  type TextStep,
  type TokenizerDefinition,
} from "./definition.ts";
import { invalidFile, largestVocabulary, unsupported } from "./file_errors.ts";
import { JsonFields, type JsonObject } from "./json_fields.ts";
import { mergeableMask, rememberMergeablePieces } from "./merge_rules.ts";
import { indexSlots, PieceIndex, PieceTable } from "./pieces.ts";

const magic = [0x51, 0x54, 0x4f, 0x4b];
const version = 2;
const headerBytes = 32;
const largestTable = 2 ** 30;

/**
 * The bytes of a definition, as the top of this file describes them.
 *
 * @example
 * ```ts
 * const copy = parseTokenizer(serializeTokenizer(tokenizer.definition), "memory");
 * ```
 */
export function serializeTokenizer(definition: TokenizerDefinition): Uint8Array {
  const { pieces, types, merges, scores, ...settings } = definition;
  const json = new TextEncoder().encode(JSON.stringify(settings));
  const { slots } = PieceIndex.of(pieces, mergeableMask(definition), true);
  const counts = [
    version,
    pieces.length,
    pieces.bytes.length,
    merges.length / 3,
    scores.length,
    json.length,
    slots.length,
  ];
  const parts = [
    Uint8Array.from(magic),
    Uint32Array.from(counts),
    pieces.offsets,
    merges,
    scores,
    slots,
    types,
    pieces.bytes,
    json,
  ];
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.byteLength, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), end);
    end += part.byteLength;
  }
  return bytes;
}

function oneOf<T extends string>(
  value: unknown,
  choices: readonly T[],
  field: string,
  path: string,
): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw invalidFile(path, field, value, choices.join(", "));
  return found;
}

function readStep(value: unknown, field: string, fields: JsonFields): TextStep {
  const step = fields.object(value, field);
  const { path } = fields;
  const types = ["prepend", "replace", "unicode", "lowercase"] as const;
  const type = oneOf(step.type, types, `${field}.type`, path);
  switch (type) {
    case "prepend":
      return {
        type,
        text: fields.string(step.text, `${field}.text`),
        onlyFirst: fields.boolean(step.onlyFirst, `${field}.onlyFirst`, false),
        unlessPresent: fields.boolean(step.unlessPresent, `${field}.unlessPresent`, false),
      };
    case "replace": {
      const from = fields.string(step.from, `${field}.from`);
      if (from === "") throw invalidFile(path, `${field}.from`, from, "a text");
      const to = fields.string(step.to, `${field}.to`);
      return { type, from, to, regex: fields.boolean(step.regex, `${field}.regex`, false) };
    }
    case "unicode": {
      const forms = ["NFC", "NFD", "NFKC", "NFKD"] as const;
      return { type, form: oneOf(step.form, forms, `${field}.form`, path) };
    }
    case "lowercase":
      return { type };
  }
}

function readSplit(value: unknown, field: string, fields: JsonFields): SplitStep {
  const split = fields.object(value, field);
  const pattern = fields.string(split.pattern, `${field}.pattern`);
  const keeps = ["isolated", "matches", "gaps"] as const;
  return { pattern, keep: oneOf(split.keep, keeps, `${field}.keep`, fields.path) };
}

function readAddedToken(value: unknown, field: string, fields: JsonFields): AddedToken {
  const token = fields.object(value, field);
  const flag = (name: string) => fields.boolean(token[name], `${field}.${name}`, false);
  return {
    id: fields.id(token.id, `${field}.id`, largestVocabulary),
    content: fields.string(token.content, `${field}.content`),
    special: flag("special"),
    normalized: flag("normalized"),
    stripLeft: flag("stripLeft"),
    stripRight: flag("stripRight"),
    singleWord: flag("singleWord"),
  };
}

type Settings = Omit<TokenizerDefinition, "pieces" | "types" | "merges" | "scores">;

function readSettings(json: JsonObject, fields: JsonFields): Settings {
  const list = <T>(
    name: string,
    read: (value: unknown, field: string, fields: JsonFields) => T,
  ): T[] =>
    fields.array(json[name], name).map((value, index) => read(value, `${name}[${index}]`, fields));
  const flag = (name: keyof Settings & keyof typeof definitionDefaults) =>
    fields.boolean(json[name], name, definitionDefaults[name] as boolean);
  const id = (name: string) =>
    json[name] === undefined ? undefined : fields.id(json[name], name, largestVocabulary);
  const kinds = ["byteLevel", "sentencePiece", "bytes"] as const;
  return {
    kind: oneOf(json.kind, kinds, "kind", fields.path),
    ranking: oneOf(json.ranking, ["merges", "ids", "scores"] as const, "ranking", fields.path),
    ignoreMerges: flag("ignoreMerges"),
    normalizers: list("normalizers", readStep),
    rewrites: list("rewrites", readStep),
    splits: list("splits", readSplit),
    addedTokens: list("addedTokens", readAddedToken),
    escapedSpaces: flag("escapedSpaces"),
    stripLeadingSpace: flag("stripLeadingSpace"),
    fuseUnknown: flag("fuseUnknown"),
    beginToken: id("beginToken"),
    endTokens: list("endTokens", (value, field) => fields.id(value, field, largestVocabulary)),
    padToken: id("padToken"),
    unknownToken: id("unknownToken"),
    addBos: flag("addBos"),
    addEos: flag("addEos"),
    parseSpecial: flag("parseSpecial"),
  };
}

function readPieceTable(offsets: Uint32Array, bytes: Uint8Array, path: string): PieceTable {
  if (offsets[0] !== 0 || offsets[offsets.length - 1] !== bytes.length) {
    const given = `${offsets[0]} to ${offsets[offsets.length - 1]}`;
    throw invalidFile(path, "piece offsets", given, `0 to ${bytes.length}`);
  }
  let falls = 1;
  while (falls < offsets.length && offsets[falls] >= offsets[falls - 1]) falls++;
  if (falls < offsets.length) {
    const expected = `${offsets[falls - 1]} or more`;
    throw invalidFile(path, `piece offset ${falls}`, offsets[falls], expected);
  }
  return new PieceTable(bytes, offsets);
}

function readIndex(pieces: PieceTable, slots: Uint32Array, path: string): PieceIndex {
  for (let slot = 0; slot < slots.length; slot++) {
    if (slots[slot] <= pieces.length) continue;
    throw invalidFile(path, `index slot ${slot}`, slots[slot], `at most ${pieces.length}`);
  }
  if (!slots.includes(0)) throw invalidFile(path, "the index", "full", "free slots");
  return PieceIndex.stored(pieces, slots);
}

/**
 * The definition in the compact form, not yet checked as a whole.
 *
 * @param path The file that the bytes are from, for messages.
 * @throws QorusError `invalid_file` where the bytes are something else, `unsupported` for a version
 * to come.
 */
export function parseTokenizer(bytes: Uint8Array, path: string): TokenizerDefinition {
  if (bytes.length < headerBytes) {
    throw invalidFile(path, "the tokenizer", `${bytes.length} bytes`, `${headerBytes} or more`);
  }
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    const given = [...bytes.subarray(0, 4)].join(" ");
    throw invalidFile(path, "the tokenizer's magic", given, magic.join(" "));
  }
  // A copy is aligned and outlives the file's buffer.
  const data = new Uint8Array(bytes);
  const header = new Uint32Array(data.buffer, 0, headerBytes / 4);
  const [, given, pieceCount, pieceBytes, mergeCount, scoreCount, settingsBytes, slotCount] =
    header;
  if (given < 1 || given > version) {
    throw unsupported(path, "the tokenizer's version", given, `1 to ${version}`);
  }
  const tables = (pieceCount + 1 + mergeCount * 3 + scoreCount + slotCount) * 4 + pieceCount;
  const total = headerBytes + tables + pieceBytes + settingsBytes;
  if (total !== data.length || total > largestTable) {
    throw invalidFile(path, "the tokenizer", `${data.length} bytes`, `${total} by its header`);
  }
  if (slotCount !== 0 && (given === 1 || slotCount !== indexSlots(pieceCount))) {
    const expected = given === 1 ? "0 in version 1" : `0 or ${indexSlots(pieceCount)}`;
    throw invalidFile(path, "the number of index slots", slotCount, expected);
  }
  let end = headerBytes;
  const take = (count: number, size: number) => (end += count * size) - count * size;
  const offsets = new Uint32Array(data.buffer, take(pieceCount + 1, 4), pieceCount + 1);
  const merges = new Uint32Array(data.buffer, take(mergeCount * 3, 4), mergeCount * 3);
  const scores = new Float32Array(data.buffer, take(scoreCount, 4), scoreCount);
  const slots = new Uint32Array(data.buffer, take(slotCount, 4), slotCount);
  const types = new Uint8Array(data.buffer, take(pieceCount, 1), pieceCount);
  const pieces = readPieceTable(offsets, data.subarray(take(pieceBytes, 1), end), path);
  const fields = new JsonFields(path);
  const settings = readSettings(fields.parse(data.subarray(end)), fields);
  const definition = { ...settings, pieces, types, merges, scores };
  if (slotCount > 0) rememberMergeablePieces(definition, readIndex(pieces, slots, path));
  return definition;
}
