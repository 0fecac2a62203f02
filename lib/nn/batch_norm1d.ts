/**
 * Batch norm of vectors and sequences.
 *
 * @module
 */

import { BatchNorm } from "./batch_norm.ts";

/**
 * Batch norm (Ioffe and Szegedy 2015) of `[batch, channels]` or `[batch, channels, length]`.
 *
 * @example
 * ```ts
 * import { nn, ones } from "@qorus/qorus";
 *
 * const norm = new nn.BatchNorm1d(5);
 * norm.forward(ones([8, 5])).shape; // [8, 5]
 * ```
 */
export class BatchNorm1d extends BatchNorm {
  /** Ranks of inputs that the layer takes. */
  protected override readonly ranks: readonly number[] = [2, 3];
}
