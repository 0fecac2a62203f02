/**
 * The convolutional layer for sequences.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { conv1d, type Conv1dOptions } from "../ops/convolution.ts";
import { channelsPerGroup, Convolution } from "./convolution.ts";

/** Options of {@linkcode Conv1d}. */
export interface Conv1dLayerOptions extends Conv1dOptions {
  /** Whether there is a bias. Default: true. */
  bias?: boolean;
}

/**
 * Convolution of `[sequences, channels, length]` with learned kernels; see `conv1d`. The weight is
 * `[filters, channels / groups, kernel length]`.
 */
export class Conv1d extends Convolution<Conv1dOptions> {
  /**
   * Makes a layer from `channels` to `filters` channels.
   *
   * @throws {QorusError} `invalid_argument` when the channels do not fall into the groups.
   */
  constructor(
    channels: number,
    filters: number,
    kernelSize: number,
    options: Conv1dLayerOptions = {},
  ) {
    const { bias = true, groups = 1, ...steps } = options;
    channelsPerGroup("Conv1d", filters, groups);
    const inner = channelsPerGroup("Conv1d", channels, groups);
    super([filters, inner, kernelSize], filters, bias, { ...steps, groups });
  }

  /** f32 `[sequences, channels, length]` to `[sequences, filters, ...]`. */
  forward(x: Tensor): Tensor {
    return conv1d(x, this.weight.tensor, this.bias?.tensor, this.options);
  }
}
