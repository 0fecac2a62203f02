/**
 * The second half of BPE training: which pairs are joined, most frequent first.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import type { Pace } from "./train_bpe_pace.ts";
import { TrainingPairs, type TrainingWords } from "./train_bpe_pairs.ts";
import { PairQueue } from "./train_bpe_queue.ts";

/** What {@linkcode learnMerges} learns from and when it stops. */
export interface MergeTask {
  /** Words of the text; their symbols are changed. */
  readonly words: TrainingWords;
  /** Pieces that exist already, spelled as in vocabulary files, by id. */
  readonly pieces: readonly string[];
  /** Of these pieces the ones that are special tokens. */
  readonly specialTokens: ReadonlySet<string>;
  /** Ids that the vocabulary may have. */
  readonly vocabSize: number;
  /** A pair that is less frequent is not joined. */
  readonly minFrequency: number;
}

/** The outcome of {@linkcode learnMerges}. */
export interface LearnedMerges {
  /** All pieces, those that existed first. */
  readonly pieces: readonly string[];
  /** Left id, right id and joined id of each merge, first first. */
  readonly merges: Uint32Array;
}

/** Pieces by id and ids by piece; joining two may give a piece that exists already. */
class Pieces {
  readonly list: string[];
  readonly #special: ReadonlySet<string>;
  readonly #ids: Map<string, number>;

  constructor(pieces: readonly string[], special: ReadonlySet<string>) {
    this.list = [...pieces];
    this.#special = special;
    this.#ids = new Map(pieces.map((piece, id) => [piece, id]));
  }

  join(left: number, right: number): number {
    const piece = this.list[left] + this.list[right];
    if (this.#special.has(piece)) {
      throw new QorusError(
        "invalid_argument",
        `trainBpe: special token ${JSON.stringify(piece)} is how vocabulary files spell an ` +
          "ordinary piece of this text; choose another special token",
        { op: "trainBpe", field: "specialTokens", given: piece },
      );
    }
    const existing = this.#ids.get(piece);
    if (existing !== undefined) return existing;
    const id = this.list.push(piece) - 1;
    this.#ids.set(piece, id);
    return id;
  }
}

/**
 * Joins the most frequent pair, again and again, until the vocabulary is full or no pair is
 * frequent enough. Of pairs with the same count, the one with the smaller left id is joined, then
 * the one with the smaller right id.
 */
export async function learnMerges(task: MergeTask, pace: Pace): Promise<LearnedMerges> {
  const { vocabSize } = task;
  const minFrequency = Math.max(1, task.minFrequency);
  const pieces = new Pieces(task.pieces, task.specialTokens);
  const pairs = new TrainingPairs(task.words, vocabSize);
  const queue = new PairQueue(pairs.keys);
  for (const [pair, count] of pairs.counts.entries()) {
    if (count >= minFrequency) queue.push(pair, count);
  }
  const merges: number[] = [];
  const merged = new Set<number>();
  while (pieces.list.length < vocabSize && queue.size > 0) {
    const pushedCount = queue.nextCount;
    const pair = queue.pop();
    const count = pairs.counts[pair];
    if (count !== pushedCount) {
      // Joins have changed it since it was pushed.
      if (count >= minFrequency) queue.push(pair, count);
      continue;
    }
    const [left, right] = pairs.symbolsOf(pair);
    const joined = pieces.join(left, right);
    if (!merged.has(pair)) merges.push(left, right, joined);
    merged.add(pair);
    for (const grown of pairs.join(pair, joined)) {
      if (pairs.counts[grown] >= minFrequency) queue.push(grown, pairs.counts[grown]);
    }
    if (pace.isDue) {
      await pace.pause({ phase: "merging", done: pieces.list.length, total: vocabSize });
    }
  }
  await pace.pause({ phase: "merging", done: pieces.list.length, total: vocabSize });
  return { pieces: pieces.list, merges: Uint32Array.from(merges) };
}
