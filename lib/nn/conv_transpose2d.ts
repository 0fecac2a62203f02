/**
 * The transposed convolutional layer for images.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { convTranspose2d, type ConvTranspose2dOptions } from "../ops/convolution.ts";
import { pairOf, type RowsAndColumns } from "../ops/windows.ts";
import { channelsPerGroup, Convolution } from "./convolution.ts";

/** Options of {@linkcode ConvTranspose2d}. */
export interface ConvTranspose2dLayerOptions extends ConvTranspose2dOptions {
  /** Whether there is a bias. Default: true. */
  bias?: boolean;
}

/**
 * Transposed convolution of `[images, channels, rows, columns]` with learned kernels, to enlarge
 * images; see `convTranspose2d`. The weight is `[channels, filters / groups, kernel rows, kernel
 * columns]`.
 */
export class ConvTranspose2d extends Convolution<ConvTranspose2dOptions> {
  /**
   * Makes a layer from `channels` to `filters` channels.
   *
   * @throws {QorusError} `invalid_argument` when the channels do not fall into the groups.
   */
  constructor(
    channels: number,
    filters: number,
    kernelSize: RowsAndColumns,
    options: ConvTranspose2dLayerOptions = {},
  ) {
    const { bias = true, groups = 1, ...steps } = options;
    channelsPerGroup("ConvTranspose2d", channels, groups);
    const inner = channelsPerGroup("ConvTranspose2d", filters, groups);
    super(
      [channels, inner, ...pairOf(kernelSize, "kernelSize", "ConvTranspose2d")],
      filters,
      bias,
      { ...steps, groups },
    );
  }

  /** f32 `[images, channels, rows, columns]` to `[images, filters, ...]`. */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight.tensor, this.bias?.tensor, this.options);
  }
}
