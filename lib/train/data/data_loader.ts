/**
 * Batches out of a data set.
 *
 * @module
 */

import { unexpected } from "../../core/arguments.ts";
import { Random } from "../../core/random.ts";
import type { Tensor } from "../../core/tensor.ts";
import { QorusError } from "../../native/error.ts";
import type { Batches, DataState } from "../batches.ts";
import { BatchMemory } from "./batch_memory.ts";
import {
  type CheckedOptions,
  checkOptions,
  checkState,
  type DataLoaderOptions,
  identityOf,
  tooFewSamples,
} from "./data_loader_options.ts";
import type { Dataset } from "./dataset.ts";
import { fieldNames } from "./fields.ts";
import type { IterableDataset } from "./iterable_dataset.ts";
import { DrawnSamples, IndexedSamples, type SampleSource } from "./sample_source.ts";
import { derivedSeed } from "./seeds.ts";
import { StreamedSamples } from "./streamed_samples.ts";
import type { Transform } from "./transform.ts";

const op = "DataLoader";

/**
 * Batches of a data set's samples: shuffled anew in each epoch, changed by a transform, written
 * straight into tensors that are made once and used for every batch.
 *
 * Each walk is an epoch. A batch holds a tensor `[count, ...shape]` for every field; `count` is
 * `batchSize`, but for the last batch of an epoch when the samples do not come out even. The
 * tensors outlive scopes and are written over by the next batch.
 *
 * - The order of epoch `e` depends on the seed and on `e` only, and so does what transforms draw.
 * - `break` gives up the rest of an epoch: the next walk is the next epoch. A state that is taken
 *   after the `break`, or inside of the walk, goes on with the batch behind the last one that was
 *   handed out; where that was an epoch's last one, the rest of the epoch is a walk without
 *   batches.
 * - Walks cannot be nested, since they would write over each other's batches: once a new walk has
 *   begun, going on with an older one throws. Make a loader for each.
 * - With an `IterableDataset`, a resumed walk reads what was done before, without using it.
 *
 * @example
 * ```ts
 * import { crossEntropy, nn, optim, scope, train } from "@qorus/qorus";
 *
 * const data = new train.TensorDataset({ x: new Float32Array(1000), y: new Int32Array(1000) });
 * using loader = new train.DataLoader(data, { batchSize: 32, shuffle: true, seed: 1 });
 * for (let epoch = 0; epoch < 10; epoch++) {
 *   for (const { x, y } of loader) {
 *     using step = scope();
 *     console.log(loader.epoch, x.shape, y.shape); // 0, [32], [32]
 *   }
 * }
 * ```
 */
export class DataLoader<
  Name extends string,
  Length extends number | undefined = number | undefined,
> implements Batches<Record<Name, Tensor>>, Disposable {
  /** The samples. */
  readonly dataset: Dataset<Name> | IterableDataset<Name>;
  readonly #names: readonly Name[];
  readonly #options: CheckedOptions;
  readonly #transform: Transform<Name> | undefined;
  readonly #source: SampleSource<Name>;
  readonly #random = new Random(0);
  #full: BatchMemory<Name> | undefined;
  #rest: BatchMemory<Name> | undefined;
  #epoch = 0;
  /** Batches of the epoch that were handed out. */
  #position = 0;
  #resumes = false;
  /** Which walk is the newest one; -1 after the end. */
  #walk = 0;

  /**
   * Takes memory for one batch at the first walk, until it is disposed.
   *
   * @throws {QorusError} `invalid_argument` for options that cannot be; a batch larger than the
   * data is one where `dropLast` would leave nothing.
   */
  constructor(
    dataset: (Dataset<Name> | IterableDataset<Name>) & { readonly length?: Length },
    options: DataLoaderOptions<Name>,
  ) {
    if (typeof dataset !== "object" || dataset === null || !("fields" in dataset)) {
      throw unexpected(dataset, "a data set, such as a TensorDataset", "dataset", op);
    }
    const length = "write" in dataset ? dataset.length : undefined;
    this.dataset = dataset;
    this.#names = fieldNames<Name>(dataset.fields, op);
    this.#options = checkOptions(options, length);
    this.#transform = options.transform;
    const { shuffle, samplesPerEpoch, shuffleBuffer } = this.#options;
    if (!("write" in dataset)) {
      this.#source = new StreamedSamples(dataset, this.#names, shuffleBuffer);
    } else if (samplesPerEpoch !== undefined) {
      this.#source = new DrawnSamples(dataset, samplesPerEpoch);
    } else {
      this.#source = new IndexedSamples(dataset, { shuffle });
    }
  }

  /** Samples of a batch. */
  get batchSize(): number {
    return this.#options.batchSize;
  }

  /** Batches of an epoch; undefined for an `IterableDataset`, whose end is not known before. */
  get length(): Length {
    return this.#length as Length;
  }

  get #length(): number | undefined {
    if (this.#source.length === undefined) return undefined;
    const batches = this.#source.length / this.batchSize;
    return this.#options.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The epoch, from 0, that is walked; between walks that were not broken off, the next one. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Goes through an epoch, or through the rest of one whose state was loaded. */
  *[Symbol.iterator](): Generator<Record<Name, Tensor>, void, undefined> {
    if (this.#walk < 0) throw ended();
    const walk = ++this.#walk;
    if (this.#position > 0 && !this.#resumes) this.#startEpoch(this.#epoch + 1);
    this.#resumes = false;
    const epochSeed = derivedSeed(this.#options.seed, this.#epoch);
    try {
      this.#start(epochSeed);
      for (let batch = this.#next(epochSeed); batch !== undefined; batch = this.#next(epochSeed)) {
        this.#position++;
        yield batch.tensors;
        if (this.#walk !== walk) throw this.#walk < 0 ? ended() : overtaken();
      }
    } finally {
      if (this.#walk === walk) this.#source.stop();
    }
    if (this.#position === 0) throw tooFewSamples(0, this.batchSize);
    this.#startEpoch(this.#epoch + 1);
  }

  #startEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#position = 0;
  }

  /** Starts the epoch behind the batches that were handed out, of which one may be smaller. */
  #start(epochSeed: number): void {
    const handedOut = this.#position * this.batchSize;
    const skipped = this.#source.start(epochSeed, handedOut);
    if (handedOut - skipped < this.batchSize) return;
    throw new QorusError(
      "invalid_argument",
      `${op}: the state stands behind batch ${this.#position}, the data set ends after ${skipped} ` +
        "samples: resume with the data of the run that saved it",
      { op, field: "position", given: this.#position, expected: skipped / this.batchSize },
    );
  }

  /** Writes the next batch; undefined at the end of the epoch. */
  #next(epochSeed: number): BatchMemory<Name> | undefined {
    const largest = Math.min(this.batchSize, this.#source.length ?? this.batchSize);
    this.#full ??= new BatchMemory(this.dataset.fields, this.#names, largest);
    const full = this.#full;
    let count = 0;
    while (count < full.count) {
      const sample = full.samples[count];
      const index = this.#source.next(sample);
      if (index < 0) break;
      if (this.#transform !== undefined) {
        this.#random.restart(derivedSeed(epochSeed, index));
        this.#transform(sample, this.#random, index);
      }
      count++;
    }
    if (count === full.count) return full;
    if (this.#options.dropLast && this.#position === 0) {
      throw tooFewSamples(count, this.batchSize);
    }
    return count === 0 || this.#options.dropLast ? undefined : this.#smaller(full, count);
  }

  /** The first samples of a batch as a batch of their own. */
  #smaller(full: BatchMemory<Name>, count: number): BatchMemory<Name> {
    if (this.#rest?.count !== count) {
      this.#rest?.[Symbol.dispose]();
      this.#rest = new BatchMemory(this.dataset.fields, this.#names, count);
    }
    this.#rest.copyFrom(full);
    return this.#rest;
  }

  /** Seed, epoch and batches handed out in it, and what a loader needs to go on from there. */
  stateDict(): DataState {
    const identity = identityOf(this.#options, this.#datasetLength);
    return { epoch: this.#epoch, position: this.#position, ...identity };
  }

  /**
   * The next walk goes through what the state has left of its epoch. A walk that is under way ends
   * with an error when it is gone on with.
   *
   * @throws {QorusError} `invalid_argument` when the state is of a loader with another seed or
   * batch size, other options, or a data set of another length.
   */
  loadStateDict(state: DataState): void {
    if (this.#walk < 0) throw ended();
    checkState(state, identityOf(this.#options, this.#datasetLength), this.#length);
    this.#walk++;
    this.#source.stop();
    this.#epoch = state.epoch;
    this.#position = state.position;
    this.#resumes = true;
  }

  get #datasetLength(): number | undefined {
    return "write" in this.dataset ? this.dataset.length : undefined;
  }

  /** Gives the memory back; the batches' tensors end. */
  [Symbol.dispose](): void {
    if (this.#walk < 0) return;
    this.#walk = -1;
    this.#source.stop();
    this.#full?.[Symbol.dispose]();
    this.#rest?.[Symbol.dispose]();
  }
}

function ended(): QorusError {
  return new QorusError("stale_handle", `${op}: it was disposed: keep it until the last walk`, {
    op,
  });
}

function overtaken(): QorusError {
  return new QorusError(
    "invalid_argument",
    `${op}: another walk began, or a state was loaded, while this one was under way; ` +
      "both would write to the same batch: make a loader for each",
    { op },
  );
}
