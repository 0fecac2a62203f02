/**
 * What training goes through: batches of named tensors.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";

/** Tensors of one batch by field, such as `x` and `y`; each is `[batch, ...]`. */
export type Batch = Readonly<Record<string, Tensor>>;

/** Where a loader stands, as numbers that can be kept as JSON. */
export type DataState = Readonly<Record<string, number>>;

/**
 * Batches of one epoch after the other: each walk through it is an epoch. A `DataLoader` is one; so
 * is an array of batches.
 *
 * A batch's tensors may be written over by the next batch.
 */
export interface Batches<B extends Batch = Batch> extends Iterable<B> {
  /** Batches of an epoch, where that is known. */
  readonly length?: number;
  /**
   * Where the next batch comes from. What lies before a batch that was handed out is counted as
   * done, so that a state taken after a step goes on with the next batch.
   */
  stateDict?(): DataState;
  /** Goes on from a state: the next walk goes through the rest of that epoch. */
  loadStateDict?(state: DataState): void;
}

/**
 * How many samples a batch has: the first dimension of its first tensor that has one.
 *
 * @example
 * ```ts
 * import { train, zeros } from "@qorus/qorus";
 *
 * console.log(train.sampleCount({ x: zeros([32, 784]) })); // 32
 * ```
 */
export function sampleCount(batch: Batch): number {
  for (const name in batch) {
    const { shape } = batch[name];
    if (shape.length > 0) return shape[0];
  }
  return 1;
}
