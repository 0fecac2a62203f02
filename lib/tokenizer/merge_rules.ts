/**
 * Which neighbours may be joined, how urgently, and to what.
 *
 * @module
 */

import { pieceTypes, type TokenizerDefinition } from "./definition.ts";
import { PieceIndex } from "./pieces.ts";

/** Joins by number: `find` gives the number of a join, the tables say what it does. */
export interface MergeRules {
  /** Number of the join of two neighbouring symbols, or -1 where there is none. */
  find(left: number, right: number): number;
  /** Urgency of each join; the lowest goes first. Below 2^21. */
  readonly ranks: Uint32Array;
  /** What each join makes. */
  readonly merged: Uint32Array;
}

/** A hash table from two ids to a number, with open addressing. */
class PairMap {
  #lefts: Int32Array;
  #rights: Int32Array;
  #values: Int32Array;
  #mask: number;
  size = 0;

  constructor(expected: number) {
    let capacity = 16;
    while (capacity < expected * 2) capacity *= 2;
    this.#mask = capacity - 1;
    this.#lefts = new Int32Array(capacity).fill(-1);
    this.#rights = new Int32Array(capacity);
    this.#values = new Int32Array(capacity);
  }

  #slot(left: number, right: number): number {
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = hash & this.#mask;
    while (
      this.#lefts[slot] !== -1 && (this.#lefts[slot] !== left || this.#rights[slot] !== right)
    ) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  /** The number of a pair, or `undefined` where none was set. */
  get(left: number, right: number): number | undefined {
    const slot = this.#slot(left, right);
    return this.#lefts[slot] === -1 ? undefined : this.#values[slot];
  }

  /** Sets a pair that is not in the table; grows when the table is half full. */
  add(left: number, right: number, value: number): void {
    if (this.size * 2 > this.#mask) this.#grow();
    const slot = this.#slot(left, right);
    this.#lefts[slot] = left;
    this.#rights[slot] = right;
    this.#values[slot] = value;
    this.size++;
  }

  #grow(): void {
    const larger = new PairMap(this.#lefts.length);
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#lefts[slot] === -1) continue;
      larger.add(this.#lefts[slot], this.#rights[slot], this.#values[slot]);
    }
    this.#lefts = larger.#lefts;
    this.#rights = larger.#rights;
    this.#values = larger.#values;
    this.#mask = larger.#mask;
  }
}

/**
 * An explicit list of merges: left, right and joined id of each, best first.
 *
 * Where a pair is listed twice the first counts, as in llama.cpp.
 */
export class ListedMerges implements MergeRules {
  readonly ranks: Uint32Array;
  readonly merged: Uint32Array;
  readonly #pairs: PairMap;

  /** Reads `merges` as triples. */
  constructor(merges: Uint32Array) {
    const count = merges.length / 3;
    this.ranks = new Uint32Array(count);
    this.merged = new Uint32Array(count);
    this.#pairs = new PairMap(count);
    for (let merge = 0; merge < count; merge++) {
      this.ranks[merge] = merge;
      this.merged[merge] = merges[merge * 3 + 2];
      const left = merges[merge * 3];
      const right = merges[merge * 3 + 1];
      if (this.#pairs.get(left, right) === undefined) this.#pairs.add(left, right, merge);
    }
  }

  find(left: number, right: number): number {
    if (left < 0 || right < 0) return -1;
    return this.#pairs.get(left, right) ?? -1;
  }
}

/**
 * One for each piece that merges may make, zero for others.
 *
 * SentencePiece's merges make pieces of type `unused` too, on their way to other pieces.
 */
export function mergeableMask({ pieces, types, kind }: TokenizerDefinition): Uint8Array {
  const { offsets } = pieces;
  const mask = new Uint8Array(types.length);
  const takesUnused = kind === "sentencePiece";
  for (let id = 0; id < types.length; id++) {
    const type = types[id];
    const isUsable = takesUnused && type === pieceTypes.unused && offsets[id + 1] > offsets[id];
    if (type === pieceTypes.normal || isUsable) mask[id] = 1;
  }
  return mask;
}

/** By definition: made when they are first needed, or read from a file. */
const indexes = new WeakMap<TokenizerDefinition, PieceIndex>();

/** The pieces that merges may make, by their bytes; made once for a definition. */
export function mergeablePieces(definition: TokenizerDefinition): PieceIndex {
  let index = indexes.get(definition);
  if (index === undefined) {
    index = PieceIndex.of(definition.pieces, mergeableMask(definition));
    indexes.set(definition, index);
  }
  return index;
}

/** Takes an index that a file holds for {@linkcode mergeablePieces}. */
export function rememberMergeablePieces(definition: TokenizerDefinition, index: PieceIndex): void {
  indexes.set(definition, index);
}

/** Pairs that are remembered at most; a hostile text must not fill the memory. */
const rememberedPairs = 2 ** 20;

/** Any two neighbours whose concatenation is a piece; urgency by piece. */
export class ConcatenationMerges implements MergeRules {
  readonly ranks: Uint32Array;
  readonly merged: Uint32Array;
  readonly #index: PieceIndex;
  #known = new PairMap(1024);

  /** `ranks` has one entry for each piece. */
  constructor(index: PieceIndex, ranks: Uint32Array) {
    this.#index = index;
    this.ranks = ranks;
    this.merged = numbersBelow(ranks.length);
  }

  find(left: number, right: number): number {
    if (left < 0 || right < 0) return -1;
    const known = this.#known.get(left, right);
    if (known !== undefined) return known;
    const found = this.#index.findJoined(left, right);
    if (this.#known.size >= rememberedPairs) this.#known = new PairMap(1024);
    this.#known.add(left, right, found);
    return found;
  }
}

function numbersBelow(count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i;
  return numbers;
}

/** Ranks of scores that never rise; undefined where some do. */
function ranksOfDescending(scores: Float32Array): Uint32Array | undefined {
  const ranks = new Uint32Array(scores.length);
  let rank = 0;
  for (let id = 1; id < scores.length; id++) {
    if (scores[id] > scores[id - 1]) return undefined;
    if (scores[id] < scores[id - 1]) rank++;
    ranks[id] = rank;
  }
  return ranks;
}

/** Urgency of each piece by score: the highest score has rank 0, equal scores equal ranks. */
export function ranksOfScores(scores: Float32Array): Uint32Array {
  // Most vocabularies are in this order already.
  const descending = ranksOfDescending(scores);
  if (descending !== undefined) return descending;
  const order = numbersBelow(scores.length);
  order.sort((a, b) => scores[b] - scores[a]);
  const ranks = new Uint32Array(scores.length);
  let rank = 0;
  for (let place = 1; place < order.length; place++) {
    if (scores[order[place]] !== scores[order[place - 1]]) rank++;
    ranks[order[place]] = rank;
  }
  return ranks;
}

/** The rules of a definition. */
export function mergeRulesOf(
  definition: TokenizerDefinition,
  index: () => PieceIndex,
): MergeRules {
  const { pieces, ranking } = definition;
  if (ranking === "merges") return new ListedMerges(definition.merges);
  const ranks = ranking === "scores"
    ? ranksOfScores(definition.scores)
    : numbersBelow(pieces.length);
  return new ConcatenationMerges(index(), ranks);
}
