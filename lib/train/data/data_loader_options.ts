/**
 * What a loader can be told.
 *
 * @module
 */

import { wholeNumber } from "../../core/arguments.ts";
import { QorusError } from "../../native/error.ts";
import type { DataState } from "../batches.ts";
import type { Transform } from "./transform.ts";

/** How a `DataLoader` makes batches. */
export interface DataLoaderOptions<Name extends string = string> {
  /** Samples of a batch. */
  readonly batchSize: number;
  /**
   * Bring the samples into a random order, another one in each epoch. Of an `IterableDataset` each
   * sample is drawn out of the next `shuffleBuffer` ones. Default `false`.
   */
  readonly shuffle?: boolean;
  /** Decides orders, draws and transforms: a whole number below 2^32. Default 0. */
  readonly seed?: number;
  /** Leave out the last batch of an epoch when it is smaller than the others. Default `false`. */
  readonly dropLast?: boolean;
  /**
   * Make an epoch of so many samples, each drawn at random out of all (some come twice, others not
   * at all), instead of every sample once. For data sets whose epoch would take too long, such as
   * all windows of a large text.
   */
  readonly samplesPerEpoch?: number;
  /** Samples of an `IterableDataset` that are held to draw from. Default 1024. */
  readonly shuffleBuffer?: number;
  /** Changes each sample in place, as to augment images; `compose` makes one of several. */
  readonly transform?: Transform<Name>;
}

/** Options with their defaults, checked. */
export interface CheckedOptions {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly dropLast: boolean;
  readonly samplesPerEpoch: number | undefined;
  readonly shuffleBuffer: number;
}

const op = "DataLoader";
const defaultShuffleBuffer = 1024;

function positive(value: number, field: string): number {
  if (wholeNumber(value, field, op) >= 1) return value;
  throw new QorusError("invalid_argument", `${op}: ${field} is 0, expected at least 1`, {
    op,
    field,
    given: value,
  });
}

/**
 * Fills in defaults.
 *
 * @param length samples of the data set; undefined for an iterable one
 * @throws {QorusError} `invalid_argument`, saying what to change.
 */
export function checkOptions(
  options: Omit<DataLoaderOptions, "transform">,
  length: number | undefined,
): CheckedOptions {
  const { samplesPerEpoch, shuffle = false, seed = 0, dropLast = false, shuffleBuffer } = options;
  const batchSize = positive(options.batchSize, "batchSize");
  wholeNumber(seed, "seed", op);
  if (samplesPerEpoch !== undefined) positive(samplesPerEpoch, "samplesPerEpoch");
  if (shuffleBuffer !== undefined) positive(shuffleBuffer, "shuffleBuffer");
  if (length === undefined && samplesPerEpoch !== undefined) {
    throw misplaced("samplesPerEpoch", "samples of an iterable data set cannot be drawn by number");
  }
  if (shuffleBuffer !== undefined && (length !== undefined || !shuffle)) {
    throw misplaced("shuffleBuffer", "it belongs to iterable data sets and shuffle: true");
  }
  if (length !== undefined) checkLength(length, samplesPerEpoch ?? length, batchSize, dropLast);
  return {
    batchSize,
    shuffle,
    seed,
    dropLast,
    samplesPerEpoch,
    shuffleBuffer: length === undefined && shuffle ? shuffleBuffer ?? defaultShuffleBuffer : 0,
  };
}

function misplaced(field: string, reason: string): QorusError {
  return new QorusError("invalid_argument", `${op}: ${field} cannot be used here: ${reason}`, {
    op,
    field,
  });
}

function checkLength(length: number, perEpoch: number, batchSize: number, dropLast: boolean): void {
  if (!(wholeNumber(length, "the data set's length", op) >= 1)) {
    throw new QorusError("invalid_argument", `${op}: the data set has no samples`, { op });
  }
  if (dropLast && perEpoch < batchSize) throw tooFewSamples(perEpoch, batchSize);
}

/** The error for data that make no batch. */
export function tooFewSamples(count: number, batchSize: number): QorusError {
  const problem = count === 0
    ? "the data set has no samples"
    : `an epoch has ${count} samples, batchSize is ${batchSize}, and dropLast leaves smaller ` +
      `batches out: set batchSize to at most ${count}, or dropLast to false`;
  return new QorusError("invalid_argument", `${op}: ${problem}`, {
    op,
    field: "batchSize",
    given: batchSize,
    expected: count,
  });
}

/** What must be equal in the run that saved a state and in the one that goes on from it. */
export function identityOf(options: CheckedOptions, length: number | undefined): DataState {
  const { seed, batchSize, shuffle, dropLast, samplesPerEpoch, shuffleBuffer } = options;
  return {
    seed,
    batchSize,
    shuffle: Number(shuffle),
    dropLast: Number(dropLast),
    shuffleBuffer,
    samplesPerEpoch: samplesPerEpoch ?? 0,
    ...(length === undefined ? {} : { length }),
  };
}

/**
 * Checks that a state belongs to a loader.
 *
 * @param batches batches of an epoch, where that is known
 * @throws {QorusError} `invalid_argument` naming the field.
 */
export function checkState(
  state: DataState,
  identity: DataState,
  batches: number = Infinity,
): void {
  for (const [field, expected] of Object.entries(identity)) {
    const given = state[field];
    if (given === expected) continue;
    const name = field === "length" ? "a data set of length" : field;
    throw new QorusError(
      "invalid_argument",
      `${op}: the state was saved with ${name} ${given}, this loader has ${expected}: ` +
        "resume with the options and the data of the run that saved it",
      { op, field, given, expected },
    );
  }
  for (const field of ["epoch", "position"]) wholeNumber(state[field], `the state's ${field}`, op);
  if (!(state.position > batches)) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: the state stands behind batch ${state.position} of ${batches}: it is damaged`,
    { op, field: "position", given: state.position, expected: batches },
  );
}
