/**
 * Batch norm of images.
 *
 * @module
 */

import { BatchNorm } from "./batch_norm.ts";

/**
 * Batch norm (Ioffe and Szegedy 2015) of `[batch, channels, height, width]`.
 *
 * @example
 * ```ts
 * import { nn, ones } from "@qorus/qorus";
 *
 * const norm = new nn.BatchNorm2d(5);
 * norm.forward(ones([8, 5, 4, 4])).shape; // [8, 5, 4, 4]
 * ```
 */
export class BatchNorm2d extends BatchNorm {
  /** Ranks of inputs that the layer takes. */
  protected override readonly ranks: readonly number[] = [4];
}
