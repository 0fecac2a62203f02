/**
 * Remembers the ids of words: most words of a text come again.
 *
 * @module
 */

/** Words remembered at most. */
const capacity = 2 ** 16;
/** Longest word that is remembered, in UTF-16 units: longer ones seldom come again. */
const longestWord = 64;

/** Ids by word; forgets everything when it is full. */
export class WordCache {
  readonly #ids = new Map<string, Uint32Array>();

  /** Ids of a word, if it is remembered. */
  get(word: string): Uint32Array | undefined {
    return word.length > longestWord ? undefined : this.#ids.get(word);
  }

  /** Remembers a word unless it is long. */
  set(word: string, ids: Uint32Array): void {
    if (word.length > longestWord) return;
    if (this.#ids.size >= capacity) this.#ids.clear();
    this.#ids.set(word, ids);
  }
}
