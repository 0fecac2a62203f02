/**
 * What long training does between its steps: reports, looks at its signal, lets timers run.
 *
 * @module
 */

import { nextTurn } from "../core/turn.ts";
import { QorusError } from "../native/error.ts";

/** How far {@linkcode trainBpe} has come. */
export interface TrainBpeProgress {
  /** `counting` words of the text, then `merging` pairs. */
  readonly phase: "counting" | "merging";
  /** Characters (UTF-16 units) that were counted, or ids that the vocabulary has. */
  readonly done: number;
  /** What `done` grows to at most; `undefined` where the text comes in parts. */
  readonly total?: number;
}

/** Longest time without a turn of the event loop. */
const turnMilliseconds = 50;

/** Says when it is time for a pause, and what happens in it. */
export class Pace {
  readonly #signal?: AbortSignal;
  readonly #onProgress?: (progress: TrainBpeProgress) => void;
  #lastTurn = performance.now();

  /** Paces work that this signal ends and that this function hears of. */
  constructor(signal?: AbortSignal, onProgress?: (progress: TrainBpeProgress) => void) {
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /** Whether the event loop has waited long enough. */
  get isDue(): boolean {
    return performance.now() - this.#lastTurn > turnMilliseconds;
  }

  /** Reports, lets timers and signals run, and throws `aborted` where the signal says so. */
  async pause(progress: TrainBpeProgress): Promise<void> {
    this.#onProgress?.(progress);
    await nextTurn();
    this.#lastTurn = performance.now();
    if (!this.#signal?.aborted) return;
    throw new QorusError("aborted", "trainBpe: training was interrupted by its signal", {
      op: "trainBpe",
      cause: this.#signal.reason,
    });
  }
}
