/**
 * Samples out of a stream, shuffled within a buffer.
 *
 * @module
 */

import { Random } from "../../core/random.ts";
import type { FieldMemory, SampleMemory } from "./dataset.ts";
import { elementCount, fieldMemory, recordOf, writeNumbers } from "./fields.ts";
import { type IterableDataset, type Sample, walkAnew } from "./iterable_dataset.ts";
import type { SampleSource } from "./sample_source.ts";

/**
 * Samples of an iterable data set: in its order, or each drawn out of a buffer of the next ones.
 */
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
    const part = (i: number, at: number) => arrays[i].subarray(at * sizes[i], (at + 1) * sizes[i]);
    this.#slots = Array.from(
      { length: bufferSize },
      (_, at) => recordOf(names, (i): FieldMemory => part(i, at)),
    );
  }

  start(epochSeed: number, skipped: number): number {
    this.stop();
    this.#iterator = walkAnew(this.#dataset, "DataLoader");
    this.#random.restart(epochSeed);
    this.#read = 0;
    this.#filled = 0;
    while (this.#filled < this.#slots.length && this.#fill(this.#filled)) this.#filled++;
    let done = 0;
    while (done < skipped && this.#take(undefined) >= 0) done++;
    return done;
  }

  next(sample: SampleMemory<Name>): number {
    return this.#take(sample);
  }

  #take(target: SampleMemory<Name> | undefined): number {
    return this.#slots.length === 0 ? this.#pull(target) : this.#draw(target);
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
