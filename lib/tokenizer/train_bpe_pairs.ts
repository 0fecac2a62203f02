/**
 * The words of BPE training as symbols, and where each pair of neighbouring symbols stands.
 *
 * @module
 */

/** What {@linkcode TrainingPairs} starts from: distinct words, one after the other. */
export interface TrainingWords {
  /** Symbols of all words. */
  readonly symbols: Uint32Array;
  /** Where each word starts, and the end of the last. */
  readonly offsets: Uint32Array;
  /** How often each word occurs. */
  readonly counts: Float64Array;
}

/**
 * Counts pairs while symbols are joined, touching only the words that a pair stands in.
 *
 * Pairs are numbered as they are first seen. A list of words may name one that has lost the pair.
 */
export class TrainingPairs {
  /**
   * The key of each pair: `left * keyBase + right`, so that keys order pairs by left, then right.
   */
  readonly keys: number[] = [];
  /** How often each pair occurs in the text; as in Hugging Face's trainer, `aaa` has `aa` twice. */
  readonly counts: number[] = [];
  readonly #keyBase: number;
  readonly #wordsOfPair: number[][] = [];
  readonly #pairOfKey = new Map<number, number>();
  readonly #words: TrainingWords;
  readonly #lengths: Uint32Array;
  /** The pairs that a join has made more frequent. */
  #grown = new Set<number>();

  /** Takes words, whose symbols it will change; every symbol is and stays below `keyBase`. */
  constructor(words: TrainingWords, keyBase: number) {
    this.#words = words;
    this.#keyBase = keyBase;
    const { symbols, offsets, counts } = words;
    this.#lengths = Uint32Array.from(counts, (_, word) => offsets[word + 1] - offsets[word]);
    for (let word = 0; word < counts.length; word++) {
      for (let index = offsets[word] + 1; index < offsets[word + 1]; index++) {
        this.#add(symbols[index - 1], symbols[index], counts[word], word);
      }
    }
  }

  /** The symbols of a pair. */
  symbolsOf(pair: number): readonly [left: number, right: number] {
    const left = Math.floor(this.keys[pair] / this.#keyBase);
    return [left, this.keys[pair] - left * this.#keyBase];
  }

  /** Joins the pair everywhere; gives the pairs that occur more often than before. */
  join(pair: number, joined: number): Iterable<number> {
    this.#grown = new Set();
    const [left, right] = this.symbolsOf(pair);
    for (const word of this.#wordsOfPair[pair]) this.#joinInWord(word, left, right, joined);
    this.counts[pair] = 0;
    this.#wordsOfPair[pair] = [];
    this.#grown.delete(pair);
    return this.#grown;
  }

  #joinInWord(word: number, left: number, right: number, joined: number): void {
    const { symbols, offsets, counts } = this.#words;
    const start = offsets[word];
    const end = start + this.#lengths[word];
    const count = counts[word];
    let write = start;
    for (let read = start; read < end; read++) {
      if (symbols[read] !== left || read + 1 >= end || symbols[read + 1] !== right) {
        symbols[write++] = symbols[read];
        continue;
      }
      if (write > start) {
        this.#remove(symbols[write - 1], left, count);
        this.#add(symbols[write - 1], joined, count, word);
      }
      if (read + 2 < end) {
        this.#remove(right, symbols[read + 2], count);
        this.#add(joined, symbols[read + 2], count, word);
      }
      symbols[write++] = joined;
      read++;
    }
    this.#lengths[word] = write - start;
  }

  #add(left: number, right: number, count: number, word: number): void {
    const key = left * this.#keyBase + right;
    let pair = this.#pairOfKey.get(key);
    if (pair === undefined) {
      pair = this.keys.length;
      this.#pairOfKey.set(key, pair);
      this.keys.push(key);
      this.counts.push(0);
      this.#wordsOfPair.push([]);
    }
    this.counts[pair] += count;
    const words = this.#wordsOfPair[pair];
    if (words[words.length - 1] !== word) words.push(word);
    this.#grown.add(pair);
  }

  #remove(left: number, right: number, count: number): void {
    const pair = this.#pairOfKey.get(left * this.#keyBase + right);
    if (pair !== undefined) this.counts[pair] -= count;
  }
}
