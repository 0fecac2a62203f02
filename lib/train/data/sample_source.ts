/**
 * Where a loader takes samples from, one after the other: by number, or out of a stream.
 *
 * @module
 */

import { Random } from "../../core/random.ts";
import type { Dataset, SampleMemory } from "./dataset.ts";

/** The samples of an epoch in their order. */
export interface SampleSource<Name extends string> {
  /** Samples of an epoch, where that is known. */
  readonly length: number | undefined;
  /** Starts an epoch behind its first `skipped` samples; returns how many of them there are. */
  start(epochSeed: number, skipped: number): number;
  /** Writes the next sample and returns its number in the data set; -1 at the end. */
  next(sample: SampleMemory<Name>): number;
  /** Closes what `start` opened. */
  stop(): void;
}

/** Every sample of a data set once. */
export class IndexedSamples<Name extends string> implements SampleSource<Name> {
  readonly length: number;
  readonly #dataset: Dataset<Name>;
  readonly #order: Uint32Array | undefined;
  readonly #random = new Random(0);
  #position = 0;

  /** Keeps an order only when it is to be shuffled. */
  constructor(dataset: Dataset<Name>, options: { shuffle: boolean }) {
    this.#dataset = dataset;
    this.length = dataset.length;
    if (options.shuffle) this.#order = new Uint32Array(dataset.length);
  }

  start(epochSeed: number, skipped: number): number {
    this.#position = Math.min(skipped, this.length);
    if (this.#order !== undefined) {
      this.#random.restart(epochSeed);
      shuffle(this.#order, this.#random);
    }
    return this.#position;
  }

  next(sample: SampleMemory<Name>): number {
    if (this.#position >= this.length) return -1;
    const position = this.#position++;
    const index = this.#order === undefined ? position : this.#order[position];
    this.#dataset.write(index, sample);
    return index;
  }

  stop(): void {}
}

/** Samples drawn out of a data set, each time out of all. */
export class DrawnSamples<Name extends string> implements SampleSource<Name> {
  readonly length: number;
  readonly #dataset: Dataset<Name>;
  readonly #random = new Random(0);
  #position = 0;

  /** Draws so many samples for an epoch. */
  constructor(dataset: Dataset<Name>, samplesPerEpoch: number) {
    this.#dataset = dataset;
    this.length = samplesPerEpoch;
  }

  start(epochSeed: number, skipped: number): number {
    this.#random.restart(epochSeed);
    this.#position = 0;
    while (this.#position < Math.min(skipped, this.length)) this.#draw();
    return this.#position;
  }

  #draw(): number {
    this.#position++;
    return this.#random.below(this.#dataset.length);
  }

  next(sample: SampleMemory<Name>): number {
    if (this.#position >= this.length) return -1;
    const index = this.#draw();
    this.#dataset.write(index, sample);
    return index;
  }

  stop(): void {}
}

/** Writes the numbers from 0 in random order (Fisher and Yates; Durstenfeld 1964). */
export function shuffle(order: Uint32Array, random: Random): void {
  for (let i = 0; i < order.length; i++) order[i] = i;
  for (let i = order.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    const kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
}
