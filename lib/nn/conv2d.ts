/**
 * The convolutional layer for images.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { conv2d, type Conv2dOptions } from "../ops/convolution.ts";
import { pairOf, type RowsAndColumns } from "../ops/windows.ts";
import { channelsPerGroup, type Conv2dLayerOptions, Convolution } from "./convolution.ts";

/**
 * Convolution of `[images, channels, rows, columns]` with learned kernels; see `conv2d`. The weight
 * is `[filters, channels / groups, kernel rows, kernel columns]`.
 *
 * @example
 * ```ts
 * import { nn, ones } from "@qorus/qorus";
 *
 * const layer = new nn.Conv2d(3, 8, 3, { padding: 1 });
 * layer.forward(ones([1, 3, 28, 28])).shape; // [1, 8, 28, 28]
 * ```
 */
export class Conv2d extends Convolution<Conv2dOptions> {
  /**
   * Makes a layer from `channels` to `filters` channels.
   *
   * @throws {QorusError} `invalid_argument` when the channels do not fall into the groups.
   */
  constructor(
    channels: number,
    filters: number,
    kernelSize: RowsAndColumns,
    options: Conv2dLayerOptions = {},
  ) {
    const { bias = true, groups = 1, ...steps } = options;
    channelsPerGroup("Conv2d", filters, groups);
    const inner = channelsPerGroup("Conv2d", channels, groups);
    super([filters, inner, ...pairOf(kernelSize, "kernelSize", "Conv2d")], filters, bias, {
      ...steps,
      groups,
    });
  }

  /** f32 `[images, channels, rows, columns]` to `[images, filters, ...]`. */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight.tensor, this.bias?.tensor, this.options);
  }
}
