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
import { type ReplacementRule, Utf8Stream } from "./utf8.ts";
import type {
  DecodeOptions,
  DecodeStream,
  DecodeStreamOptions,
  EncodeOptions,
  Tokenizer,
} from "./tokenizer.ts";
import { compileSteps, type TextRewriter } from "./words.ts";

/** A piece with a space for each U+2581. */
function withSpaces(piece: Uint8Array): Uint8Array {
  if (!piece.includes(spaceLead)) return piece;
  const bytes = new Uint8Array(piece.length);
  let end = 0;
  for (let index = 0; index < piece.length; index++) {
    const isSymbol = piece[index] === spaceLead && piece[index + 1] === 0x96 &&
      piece[index + 2] === 0x81;
    bytes[end++] = isSymbol ? 0x20 : piece[index];
    if (isSymbol) index += 2;
  }
  return bytes.subarray(0, end);
}

/** The first byte of U+2581. */
const spaceLead = 0xe2;

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
    const { types } = definition;
    const isSpecial = new Uint8Array(types.length);
    const special = new Map<string, number>();
    for (let id = 0; id < types.length; id++) {
      const type = types[id];
      if (type !== pieceTypes.control && type !== pieceTypes.unknown) continue;
      isSpecial[id] = 1;
      special.set(definition.pieces.text(id), id);
    }
    this.#special = isSpecial;
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
    const bytes = this.#decoded(id);
    if (bytes.length === 0) return nothing;
    const dropSpace = atStart && this.definition.stripLeadingSpace && bytes[0] === 0x20 &&
      this.definition.types[id] !== pieceTypes.byte;
    return dropSpace ? bytes.subarray(1) : bytes;
  }

  /** A piece as decoding writes it. */
  #decoded(id: number): Uint8Array {
    const { pieces, types, escapedSpaces } = this.definition;
    const piece = pieces.at(id);
    return escapedSpaces && types[id] !== pieceTypes.byte ? withSpaces(piece) : piece;
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
    return this.#decoded(id).slice();
  }

  isSpecial(id: number): boolean {
    this.#checkId(id);
    return this.#special[id] === 1;
  }
}

/** Ids of the `byte` pieces by byte, -1 where the vocabulary has none. */
export function bytePieceIds(definition: TokenizerDefinition): Int32Array {
  const { pieces: { bytes, offsets }, types } = definition;
  const ids = new Int32Array(256).fill(-1);
  let id = types.indexOf(pieceTypes.byte);
  for (; id >= 0; id = types.indexOf(pieceTypes.byte, id + 1)) ids[bytes[offsets[id]]] = id;
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
