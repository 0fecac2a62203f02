/**
 * Samples out of a stream, shuffled within a buffer.
 *
 * @module
 */

import { Random } from "../../core/random.ts";
import { QorusError } from "../../native/error.ts";
import type { FieldMemory, SampleMemory } from "./dataset.ts";
import { elementCount, fieldMemory, writeNumbers } from "./fields.ts";
import type { IterableDataset, Sample } from "./iterable_dataset.ts";
import type { SampleSource } from "./sample_source.ts";

/** Samples of an iterable data set: in its order, or each drawn out of a buffer of the next ones. */
export class StreamedSamples<Name extends string> implements SampleSource<Name> {
  readonly length: undefined;
  readonly #dataset: IterableDataset<Name>;
  readonly #names: readonly Name[];
  readonly #random = new Random(0);
  readonly #slots: readonly SampleMemory<Name>[];
  /** Number in the stream of the sample in each slot. */
  readonly #indices: Uint32Array;
  #filled = 0;
  #read = 0;
  #iterator: Iterator<Sample<Name>> | undefined;

  /** @param bufferSize samples to draw from; 0 keeps the stream's order */
  constructor(dataset: IterableDataset<Name>, names: readonly Name[], bufferSize: number) {
    this.#dataset = dataset;
    this.#names = names;
    this.#indices = new Uint32Array(bufferSize);
    const arrays = names.map((name) => fieldMemory(dataset.fields[name], bufferSize));
    const sizes = names.map((name) => elementCount(dataset.fields[name]));
    const slot = (at: number) =>
      names.map((name, i): [Name, FieldMemory] => [
        name,
        arrays[i].subarray(at * sizes[i], (at + 1) * sizes[i]),
      ]);
    this.#slots = Array.from(
      { length: bufferSize },
      (_, at) => Object.fromEntries(slot(at)) as SampleMemory<Name>,
    );
  }

  start(epochSeed: number, skipped: number): void {
    this.stop();
    const iterator = this.#dataset[Symbol.iterator]();
    if (iterator as unknown === this.#dataset) {
      throw new QorusError(
        "invalid_argument",
        "DataLoader: the data set is a generator, which can be walked only once; give an object " +
          "whose [Symbol.iterator]() starts anew",
        { op: "DataLoader" },
      );
    }
    this.#iterator = iterator;
    this.#random.restart(epochSeed);
    this.#read = 0;
    this.#filled = 0;
    while (this.#filled < this.#slots.length && this.#fill(this.#filled)) this.#filled++;
    this.#skip(skipped);
  }

  #skip(count: number): void {
    for (let i = 0; i < count; i++) {
      const index = this.#slots.length === 0 ? this.#pull(undefined) : this.#draw(undefined);
      if (index >= 0) continue;
      throw new QorusError(
        "invalid_argument",
        `DataLoader: the state lies behind sample ${count}, the data set ends after ${i}: ` +
          "resume with the data of the run that saved it",
        { op: "DataLoader", given: i, expected: count },
      );
    }
  }

  next(sample: SampleMemory<Name>): number {
    return this.#slots.length === 0 ? this.#pull(sample) : this.#draw(sample);
  }

  /** Takes the next sample of the stream and writes it, if anywhere. */
  #pull(target: SampleMemory<Name> | undefined): number {
    const step = this.#iterator?.next();
    if (step === undefined || step.done) {
      this.#iterator = undefined;
      return -1;
    }
    const index = this.#read++;
    if (target === undefined) return index;
    for (const name of this.#names) {
      const field = this.#dataset.fields[name];
      writeNumbers(
        target[name],
        step.value[name],
        field,
        name,
        () => `DataLoader: sample ${index}`,
      );
    }
    return index;
  }

  #fill(slot: number): boolean {
    const index = this.#pull(this.#slots[slot]);
    if (index < 0) return false;
    this.#indices[slot] = index;
    return true;
  }

  /** Takes a sample out of the buffer and puts the next one of the stream in its place. */
  #draw(target: SampleMemory<Name> | undefined): number {
    if (this.#filled === 0) return -1;
    const slot = this.#random.below(this.#filled);
    const index = this.#indices[slot];
    this.#copy(slot, target);
    if (!this.#fill(slot)) {
      const last = --this.#filled;
      this.#copy(last, this.#slots[slot]);
      this.#indices[slot] = this.#indices[last];
    }
    return index;
  }

  #copy(slot: number, target: SampleMemory<Name> | undefined): void {
    if (target === undefined) return;
    for (const name of this.#names) target[name].set(this.#slots[slot][name]);
  }

  stop(): void {
    this.#iterator?.return?.();
    this.#iterator = undefined;
  }
}
