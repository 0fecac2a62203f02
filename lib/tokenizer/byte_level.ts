/**
 * Byte-level BPE: text is cut into words, words into bytes, and bytes are joined (GPT-2, Llama 3,
 * Qwen2, tiktoken).
 *
 * @module
 */

import { BaseTokenizer, cannotEncode } from "./base_tokenizer.ts";
import { spellBytes, unspellBytes } from "./byte_alphabet.ts";
import { pieceTypes, type TokenizerDefinition } from "./definition.ts";
import type { IdList } from "./id_list.ts";
import { Merger } from "./merge.ts";
import { mergeablePieces, mergeRulesOf } from "./merge_rules.ts";
import type { PieceIndex } from "./pieces.ts";
import { WordCache } from "./word_cache.ts";
import { compileSplits, type WordSplitter } from "./words.ts";

const utf8 = new TextEncoder();

/** A tokenizer of kind `byteLevel`. */
export class ByteLevelTokenizer extends BaseTokenizer {
  readonly #splitWords: WordSplitter;
  readonly #merger: Merger;
  readonly #idOfByte = new Int32Array(256).fill(-1);
  readonly #longestPieceBytes: number;
  readonly #cache = new WordCache();
  #symbols = new Int32Array(64);
  #starts = new Uint32Array(64);

  /** Takes a checked definition; `path` is for messages. */
  constructor(definition: TokenizerDefinition, path: string) {
    super(definition, path);
    const { pieces, types } = definition;
    let longest = 0;
    const { bytes, offsets } = pieces;
    const idOfByte = this.#idOfByte;
    for (let id = 0; id < types.length; id++) {
      if (types[id] !== pieceTypes.normal) continue;
      const length = offsets[id + 1] - offsets[id];
      if (length > longest) longest = length;
      if (length === 1) idOfByte[bytes[offsets[id]]] = id;
    }
    this.#longestPieceBytes = longest;
    this.#splitWords = compileSplits(definition.splits, path);
    this.#merger = new Merger(mergeRulesOf(definition, () => this.#pieceIndex()));
  }

  /** Made when it is first needed: explicit merges do without. */
  #pieceIndex(): PieceIndex {
    return mergeablePieces(this.definition);
  }

  protected override encodePlain(text: string, ids: IdList): void {
    for (const word of this.#splitWords(text)) {
      let wordIds = this.#cache.get(word);
      if (wordIds === undefined) {
        wordIds = this.#encodeWord(utf8.encode(word));
        this.#cache.set(word, wordIds);
      }
      ids.append(wordIds);
    }
  }

  #encodeWord(bytes: Uint8Array): Uint32Array {
    if (this.definition.ignoreMerges && bytes.length <= this.#longestPieceBytes) {
      const whole = this.#pieceIndex().find(bytes);
      if (whole >= 0) return Uint32Array.of(whole);
    }
    if (this.#symbols.length < bytes.length) {
      this.#symbols = new Int32Array(bytes.length * 2);
      this.#starts = new Uint32Array(bytes.length * 2);
    }
    for (const [index, byte] of bytes.entries()) this.#symbols[index] = this.#idOfByte[byte];
    const count = this.#merger.merge(this.#symbols, this.#starts, bytes.length);
    const { unknownToken } = this.definition;
    const ids = new Uint32Array(count);
    for (let index = 0; index < count; index++) {
      const id = this.#symbols[index] >= 0 ? this.#symbols[index] : unknownToken;
      if (id === undefined) throw cannotEncode(`byte ${bytes[this.#starts[index]]}`);
      ids[index] = id;
    }
    return ids;
  }

  protected override spell(bytes: Uint8Array): string {
    return spellBytes(bytes);
  }

  protected override idOfOrdinary(piece: string): number | undefined {
    const bytes = unspellBytes(piece);
    const id = bytes === undefined ? -1 : this.#pieceIndex().find(bytes);
    return id >= 0 ? id : undefined;
  }
}
