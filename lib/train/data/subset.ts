/**
 * Parts of data sets.
 *
 * @module
 */

import { Random } from "../../core/random.ts";
import { wholeNumber } from "../../core/arguments.ts";
import { QorusError } from "../../native/error.ts";
import type { Dataset, Fields, SampleMemory } from "./dataset.ts";
import { shuffle } from "./sample_source.ts";

/**
 * Some samples of a data set, in an order of their own.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const all = new train.TensorDataset({ x: new Float32Array(100) });
 * const odd = new train.Subset(all, Array.from({ length: 50 }, (_, i) => 2 * i + 1));
 * ```
 */
export class Subset<Name extends string> implements Dataset<Name> {
  readonly length: number;
  readonly fields: Fields<Name>;
  /** The data set that this is a part of. */
  readonly dataset: Dataset<Name>;
  /** Numbers of the samples in that data set. */
  readonly indices: Uint32Array;

  /**
   * Takes samples by their numbers; one may come several times.
   *
   * @throws {QorusError} `out_of_range` for a number that the data set does not have.
   */
  constructor(dataset: Dataset<Name>, indices: ArrayLike<number>) {
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i];
      if (Number.isInteger(index) && index >= 0 && index < dataset.length) continue;
      throw new QorusError(
        "out_of_range",
        `Subset: index ${i} is ${index}, expected a whole number from 0 to ${dataset.length - 1}`,
        { op: "Subset", field: "indices", given: index, expected: dataset.length },
      );
    }
    this.dataset = dataset;
    this.fields = dataset.fields;
    this.indices = Uint32Array.from(indices);
    this.length = indices.length;
  }

  write(index: number, sample: SampleMemory<Name>): void {
    this.dataset.write(this.indices[index], sample);
  }
}

/**
 * Deals a data set's samples into parts at random, the same ones for the same seed: training and
 * validation, for example. Every sample comes into one part.
 *
 * @param fractions the parts' shares, which sum to 1
 * @param seed a whole number below 2^32
 * @throws {QorusError} `invalid_argument` when the shares do not sum to 1, or one gets no sample.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const all = new train.TensorDataset({ x: new Float32Array(100) });
 * const [training, validation] = train.randomSplit(all, [0.9, 0.1]);
 * console.log(training.length, validation.length); // 90, 10
 * ```
 */
export function randomSplit<Name extends string>(
  dataset: Dataset<Name>,
  fractions: readonly number[],
  seed = 0,
): Subset<Name>[] {
  const op = "randomSplit";
  const total = fractions.reduce((sum, fraction) => sum + fraction, 0);
  if (!(Math.abs(total - 1) < 1e-6)) {
    throw new QorusError(
      "invalid_argument",
      `${op}: the fractions [${fractions}] sum to ${total}, expected 1`,
      { op, field: "fractions", given: fractions },
    );
  }
  const order = new Uint32Array(dataset.length);
  shuffle(order, new Random(wholeNumber(seed, "seed", op)));
  let share = 0;
  let start = 0;
  return fractions.map((fraction) => {
    share += fraction;
    const end = Math.round(share * dataset.length);
    if (!(end > start)) {
      throw new QorusError(
        "invalid_argument",
        `${op}: a fraction of ${fraction} is no sample of ${dataset.length}: take a larger one`,
        { op, field: "fractions", given: fraction },
      );
    }
    const part = new Subset(dataset, order.subarray(start, end));
    start = end;
    return part;
  });
}
