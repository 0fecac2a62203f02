/**
 * What a data set is that can only be walked from its first sample on: rows of a large file.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import type { Fields } from "./dataset.ts";

/** Numbers of one sample: for each field as many as its shape says, or one number. */
export type Sample<Name extends string = string> = Readonly<
  Record<Name, number | ArrayLike<number>>
>;

/**
 * Samples one after the other. Every walk must start anew and give the same samples, or a run could
 * not be resumed.
 *
 * The loader copies a sample at once, so that arrays can be used again for the next one.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const squares: train.IterableDataset<"x" | "y"> = {
 *   fields: { x: { shape: [1], dtype: "f32" }, y: { shape: [1], dtype: "f32" } },
 *   *[Symbol.iterator]() {
 *     for (let i = 0; i < 1000; i++) yield { x: i / 1000, y: (i / 1000) ** 2 };
 *   },
 * };
 * using loader = new train.DataLoader(squares, { batchSize: 10, shuffle: true });
 * ```
 */
export interface IterableDataset<Name extends string = string> extends Iterable<Sample<Name>> {
  /** Fields of each sample by name. */
  readonly fields: Fields<Name>;
  /** Not known before the end. */
  readonly length?: undefined;
}

/**
 * Starts a walk through what must be walked in every epoch.
 *
 * @throws {QorusError} `invalid_argument` for what can be walked only once.
 */
export function walkAnew<Item>(items: Iterable<Item>, op: string): Iterator<Item> {
  const iterator = items[Symbol.iterator]();
  if (iterator as unknown !== items) return iterator;
  throw new QorusError(
    "invalid_argument",
    `${op}: the data are a generator, which can be walked only once; give an object whose ` +
      "[Symbol.iterator]() starts anew",
    { op },
  );
}
