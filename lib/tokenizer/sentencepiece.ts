/**
 * SentencePiece's BPE: characters are joined, and those that the vocabulary lacks become bytes.
 *
 * Kudo and Richardson, "SentencePiece: A simple and language independent subword tokenizer and
 * detokenizer for Neural Text Processing" (2018).
 *
 * @module
 */

import { BaseTokenizer, bytePieceIds, cannotEncode } from "./base_tokenizer.ts";
import { pieceTypes, spaceSymbol, type TokenizerDefinition } from "./definition.ts";
import { IdList } from "./id_list.ts";
import { Merger } from "./merge.ts";
import { mergeableMask, mergeablePieces, mergeRulesOf } from "./merge_rules.ts";
import type { PieceIndex, PieceTable } from "./pieces.ts";
import { WordCache } from "./word_cache.ts";
import { compileSplits, type WordSplitter } from "./words.ts";

const utf8 = new TextEncoder();

/** Cuts in front of a space that follows a word; the space stays with the word behind it. */
const wordsWithSpaces = { "\u2581": /\u2581+[^\u2581]*|[^\u2581]+/gu, " ": / +[^ ]*|[^ ]+/gu };

/**
 * Texts of up to so many UTF-16 units are encoded at once: looking at all pieces would take longer.
 */
const shortText = 256;

/** Whether one of the pieces has a space behind another character. */
function hasSpaceInside(
  { bytes, offsets }: PieceTable,
  included: Uint8Array,
  space: Uint8Array,
): boolean {
  const [first, second = -1, third = -1] = space;
  for (let id = 0, end = offsets[0]; id < included.length; id++) {
    let isInside = false;
    let at = end;
    end = offsets[id + 1];
    if (included[id] === 0) continue;
    while (at < end) {
      const isSpace = bytes[at] === first && (second < 0 || bytes[at + 1] === second) &&
        (third < 0 || bytes[at + 2] === third);
      if (isSpace && isInside) return true;
      isInside = !isSpace;
      at += isSpace ? space.length : 1;
    }
  }
  return false;
}

/** A tokenizer of kind `sentencePiece`. */
export class SentencePieceTokenizer extends BaseTokenizer {
  #splitWords?: WordSplitter;
  readonly #merger: Merger;
  readonly #index: PieceIndex;
  /** Pieces of one character that were looked for; -1 where there is none. */
  readonly #idOfCharacter = new Map<string, number>();
  readonly #idOfByte: Int32Array;
  /** The parts of each piece of type `unused`, which merges make but encoding must not give. */
  readonly #partsOfUnused = new Map<number, Uint32Array>();
  readonly #cache = new WordCache();
  #symbols = new Int32Array(64);
  #starts = new Uint32Array(64);

  /** Takes a checked definition; `path` is for messages. */
  constructor(definition: TokenizerDefinition, path: string) {
    super(definition, path);
    const { types } = definition;
    this.#index = mergeablePieces(definition);
    this.#idOfByte = bytePieceIds(definition);
    this.#merger = new Merger(mergeRulesOf(definition, () => this.#index));
    if (definition.splits.length > 0) this.#splitWords = compileSplits(definition.splits, path);
    let id = types.indexOf(pieceTypes.unused);
    for (; id >= 0; id = types.indexOf(pieceTypes.unused, id + 1)) this.#splitUnused(id);
  }

  /**
   * Cuts at spaces where that changes nothing: no piece has a space behind another character, so
   * no merge crosses the cut. Words can then be remembered, which whole texts cannot.
   */
  #wordSplitter(): WordSplitter {
    const { definition } = this;
    const space = definition.escapedSpaces ? spaceSymbol : " ";
    const spaceBytes = utf8.encode(space);
    if (hasSpaceInside(definition.pieces, mergeableMask(definition), spaceBytes)) {
      return (whole) => [whole];
    }
    const pattern = wordsWithSpaces[space];
    return (text) => text.match(pattern) ?? [];
  }

  protected override encodePlain(text: string, ids: IdList): void {
    const words = this.#splitWords === undefined && text.length <= shortText
      ? [text]
      : (this.#splitWords ??= this.#wordSplitter())(text);
    for (const word of words) {
      let wordIds = this.#cache.get(word);
      if (wordIds === undefined) {
        const list = new IdList();
        this.#encodeWord(word, list);
        wordIds = list.toArray();
        this.#cache.set(word, wordIds);
      }
      ids.append(wordIds);
    }
  }

  #characterId(character: string): number {
    let id = this.#idOfCharacter.get(character);
    if (id === undefined) {
      id = this.#index.find(utf8.encode(character));
      this.#idOfCharacter.set(character, id);
    }
    return id;
  }

  /** Merges the characters of a text in `#symbols`; gives how many symbols are left. */
  #merge(characters: readonly string[], atLeast: number): number {
    if (this.#symbols.length < characters.length) {
      this.#symbols = new Int32Array(characters.length * 2);
      this.#starts = new Uint32Array(characters.length * 2);
    }
    for (const [index, character] of characters.entries()) {
      this.#symbols[index] = this.#characterId(character);
    }
    return this.#merger.merge(this.#symbols, this.#starts, characters.length, atLeast);
  }

  #encodeWord(word: string, ids: IdList): void {
    if (this.definition.ignoreMerges) {
      const whole = this.#index.find(utf8.encode(word));
      if (whole >= 0) return ids.push(whole);
    }
    const characters = [...word];
    const count = this.#merge(characters, 1);
    let afterUnknown = false;
    for (let index = 0; index < count; index++) {
      const symbol = this.#symbols[index];
      if (symbol >= 0) {
        const parts = this.#partsOfUnused.get(symbol);
        if (parts === undefined) ids.push(symbol);
        else ids.append(parts);
        afterUnknown = false;
      } else {
        afterUnknown = this.#encodeUnknown(characters[this.#starts[index]], afterUnknown, ids);
      }
    }
  }

  /** Adds a character that is no piece; says whether it became the unknown token. */
  #encodeUnknown(character: string, afterUnknown: boolean, ids: IdList): boolean {
    const bytes = utf8.encode(character);
    if (bytes.every((byte) => this.#idOfByte[byte] >= 0)) {
      for (const byte of bytes) ids.push(this.#idOfByte[byte]);
      return false;
    }
    const { unknownToken, fuseUnknown } = this.definition;
    if (unknownToken === undefined) throw cannotEncode(JSON.stringify(character));
    if (!afterUnknown || !fuseUnknown) ids.push(unknownToken);
    return true;
  }

  /** Finds the two symbols that the merges join to an unused piece, and splits those in turn. */
  #splitUnused(id: number): Uint32Array | undefined {
    const known = this.#partsOfUnused.get(id);
    if (known !== undefined) return known;
    const characters = [...this.definition.pieces.text(id)];
    if (characters.length < 2 || this.#merge(characters, 2) !== 2) return undefined;
    const halves = [this.#symbols[0], this.#symbols[1]];
    const parts = new IdList();
    for (const half of halves) {
      if (half < 0) return undefined;
      const unused = this.definition.types[half] === pieceTypes.unused;
      parts.append((unused ? this.#splitUnused(half) : undefined) ?? Uint32Array.of(half));
    }
    const ids = parts.toArray();
    this.#partsOfUnused.set(id, ids);
    return ids;
  }

  protected override idOfByte(byte: number): number | undefined {
    return this.#idOfByte[byte] >= 0 ? this.#idOfByte[byte] : undefined;
  }

  protected override idOfOrdinary(piece: string): number | undefined {
    const id = this.#index.find(utf8.encode(piece));
    return id >= 0 ? id : undefined;
  }
}
