/**
 * What all tokenizers share: added tokens, begin and end, decoding; each kind encodes plain text.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import { AddedTokenFinder } from "./added_tokens.ts";
import {
  byteOfPieceName,
  bytePieceName,
  pieceTypes,
  type TokenizerDefinition,
} from "./definition.ts";
import { IdList } from "./id_list.ts";
import { PieceTable } from "./pieces.ts";
import { type ReplacementRule, Utf8Stream } from "./utf8.ts";
import type {
  DecodeOptions,
  DecodeStream,
  DecodeStreamOptions,
  EncodeOptions,
  Tokenizer,
} from "./tokenizer.ts";
import { compileSteps, type TextRewriter } from "./words.ts";

/** The pieces as decoding writes them: with a space for each U+2581. */
function decodedPieces(definition: TokenizerDefinition): PieceTable {
  const { pieces, types } = definition;
  if (!definition.escapedSpaces) return pieces;
  const bytes = new Uint8Array(pieces.bytes.length);
  const offsets = new Uint32Array(pieces.length + 1);
  let end = 0;
  for (let id = 0; id < pieces.length; id++) {
    const last = pieces.offsets[id + 1];
    for (let index = pieces.offsets[id]; index < last; index++) {
      const isSymbol = types[id] !== pieceTypes.byte && index + 2 < last &&
        pieces.bytes[index] === 0xe2 && pieces.bytes[index + 1] === 0x96 &&
        pieces.bytes[index + 2] === 0x81;
      bytes[end++] = isSymbol ? 0x20 : pieces.bytes[index];
      if (isSymbol) index += 2;
    }
    offsets[id + 1] = end;
  }
  return new PieceTable(bytes.slice(0, end), offsets);
}

class PieceDecodeStream implements DecodeStream {
  readonly #bytesOf: (id: number, atStart: boolean) => Uint8Array;
  readonly #utf8: Utf8Stream;
  readonly #continues: boolean;
  #atStart: boolean;

  constructor(
    bytesOf: (id: number, atStart: boolean) => Uint8Array,
    rule: ReplacementRule,
    continues: boolean,
  ) {
    this.#bytesOf = bytesOf;
    this.#utf8 = new Utf8Stream(rule);
    this.#continues = continues;
    this.#atStart = !continues;
  }

  push(id: number): string {
    const bytes = this.#bytesOf(id, this.#atStart);
    if (bytes !== nothing) this.#atStart = false;
    return this.#utf8.push(bytes);
  }

  flush(): string {
    this.#atStart = !this.#continues;
    return this.#utf8.flush();
  }
}

/** What an id writes that writes nothing; not the same as a leading space that was dropped. */
const nothing = new Uint8Array(0);

/** The parts of a tokenizer that do not depend on how plain text is encoded. */
export abstract class BaseTokenizer implements Tokenizer {
  readonly definition: TokenizerDefinition;
  readonly vocabSize: number;
  readonly beginToken?: number;
  readonly endTokens: readonly number[];
  readonly padToken?: number;
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly #decoded: PieceTable;
  readonly #special: Uint8Array;
  readonly #replacement: ReplacementRule;
  readonly #normalize: TextRewriter;
  readonly #rewrite: TextRewriter;
  /** Finders for added tokens: in text as given and normalized, without and with special ones. */
  readonly #finders: Readonly<Record<"raw" | "normalized", readonly AddedTokenFinder[]>>;

  /** Takes a definition that {@linkcode checkDefinition} accepted; `path` is for messages. */
  protected constructor(definition: TokenizerDefinition, path: string) {
    this.definition = definition;
    this.vocabSize = definition.pieces.length;
    this.beginToken = definition.beginToken;
    this.endTokens = definition.endTokens;
    this.padToken = definition.padToken;
    this.#decoded = decodedPieces(definition);
    this.#special = new Uint8Array(this.vocabSize);
    const special = new Map<string, number>();
    for (let id = 0; id < this.vocabSize; id++) {
      const type = definition.types[id];
      if (type === pieceTypes.control || type === pieceTypes.unknown) this.#special[id] = 1;
      if (this.#special[id] === 1) special.set(definition.pieces.text(id), id);
    }
    this.specialTokens = special;
    this.#replacement = definition.kind === "sentencePiece" ? "byte" : "part";
    this.#normalize = compileSteps(definition.normalizers, path);
    this.#rewrite = compileSteps(definition.rewrites, path);
    const finders = (normalized: boolean) => {
      const tokens = definition.addedTokens.filter((token) => token.normalized === normalized);
      const ordinary = tokens.filter((token) => !token.special);
      return [new AddedTokenFinder(ordinary), new AddedTokenFinder(tokens)];
    };
    this.#finders = { raw: finders(false), normalized: finders(true) };
  }

  /** Adds the ids of text without added tokens, normalized and rewritten. */
  protected abstract encodePlain(text: string, ids: IdList): void;

  encode(text: string, options: EncodeOptions = {}): Uint32Array {
    const { definition } = this;
    const ids = new IdList();
    if ((options.addBos ?? definition.addBos) && this.beginToken !== undefined) {
      ids.push(this.beginToken);
    }
    const finder = Number(options.parseSpecial ?? definition.parseSpecial);
    for (const part of this.#finders.raw[finder].split(text)) {
      if ("id" in part) ids.push(part.id);
      else this.#encodeNormalized(part.text, part.start === 0, finder, ids);
    }
    if ((options.addEos ?? definition.addEos) && this.endTokens.length > 0) {
      ids.push(this.endTokens[0]);
    }
    return ids.toArray();
  }

  #encodeNormalized(text: string, first: boolean, finder: number, ids: IdList): void {
    const normalized = this.#normalize(text, first);
    for (const part of this.#finders.normalized[finder].split(normalized)) {
      if ("id" in part) {
        ids.push(part.id);
        continue;
      }
      const plain = this.#rewrite(part.text, first && part.start === 0);
      if (plain !== "") this.encodePlain(plain, ids);
    }
  }

  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    const parts: Uint8Array[] = [];
    let length = 0;
    let atStart = true;
    for (const id of ids) {
      const bytes = this.#output(id, atStart, options.skipSpecial ?? false);
      if (bytes !== nothing) atStart = false;
      parts.push(bytes);
      length += bytes.length;
    }
    const all = new Uint8Array(length);
    let end = 0;
    for (const part of parts) {
      all.set(part, end);
      end += part.length;
    }
    const stream = new Utf8Stream(this.#replacement);
    return stream.push(all) + stream.flush();
  }

  decodeStream(options: DecodeStreamOptions = {}): DecodeStream {
    const skipSpecial = options.skipSpecial ?? false;
    return new PieceDecodeStream(
      (id, atStart) => this.#output(id, atStart, skipSpecial),
      this.#replacement,
      options.continues ?? false,
    );
  }

  #output(id: number, atStart: boolean, skipSpecial: boolean): Uint8Array {
    this.#checkId(id);
    if (skipSpecial && this.#special[id] === 1) return nothing;
    const bytes = this.#decoded.at(id);
    if (bytes.length === 0) return nothing;
    const dropSpace = atStart && this.definition.stripLeadingSpace && bytes[0] === 0x20 &&
      this.definition.types[id] !== pieceTypes.byte;
    return dropSpace ? bytes.subarray(1) : bytes;
  }

  #checkId(id: number): void {
    if (Number.isInteger(id) && id >= 0 && id < this.vocabSize) return;
    throw new QorusError(
      "out_of_range",
      `tokenizer: id ${id} is not in the vocabulary, expected 0 to ${this.vocabSize - 1}`,
      { field: "id", given: id, expected: `0 to ${this.vocabSize - 1}` },
    );
  }

  /** How vocabulary files spell bytes that are no special token. */
  protected spell(bytes: Uint8Array): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  /** The id of an ordinary piece as vocabulary files spell it. */
  protected abstract idOfOrdinary(piece: string): number | undefined;

  idOf(piece: string): number | undefined {
    const special = this.specialTokens.get(piece) ??
      this.definition.addedTokens.find((token) => token.content === piece)?.id;
    if (special !== undefined) return special;
    const byte = byteOfPieceName(piece);
    const fallback = byte === undefined ? undefined : this.idOfByte(byte);
    return fallback ?? this.idOfOrdinary(piece);
  }

  /** The `byte` piece of a byte, in vocabularies that have such pieces. */
  protected idOfByte(_byte: number): number | undefined {
    return undefined;
  }

  pieceOf(id: number): string {
    this.#checkId(id);
    const bytes = this.definition.pieces.at(id);
    switch (this.definition.types[id]) {
      case pieceTypes.byte:
        return bytePieceName(bytes[0]);
      case pieceTypes.normal:
        return this.spell(bytes);
      default:
        return this.definition.pieces.text(id);
    }
  }

  bytesOf(id: number): Uint8Array {
    this.#checkId(id);
    return this.#decoded.at(id).slice();
  }

  isSpecial(id: number): boolean {
    this.#checkId(id);
    return this.#special[id] === 1;
  }
}

/** Ids of the `byte` pieces by byte, -1 where the vocabulary has none. */
export function bytePieceIds(definition: TokenizerDefinition): Int32Array {
  const ids = new Int32Array(256).fill(-1);
  for (let id = 0; id < definition.pieces.length; id++) {
    if (definition.types[id] === pieceTypes.byte) ids[definition.pieces.at(id)[0]] = id;
  }
  return ids;
}

/** The error for text that the vocabulary cannot express. */
export function cannotEncode(what: string): QorusError {
  return new QorusError(
    "invalid_argument",
    `encode: the vocabulary has no piece for ${what} and no unknown token`,
    { op: "encode", field: "text", given: what, expected: "text that the vocabulary expresses" },
  );
}
