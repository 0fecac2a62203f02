/**
 * Group norm.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { groupNorm } from "../ops/channel_norm.ts";
import { constant } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of a {@linkcode GroupNorm}; the defaults are PyTorch's. */
export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  epsilon?: number;
  /** There are a weight and a bias. Default: true. */
  affine?: boolean;
}

/**
 * Group norm (Wu and He 2018): the channels of every sample are cut into groups that are normalized
 * on their own.
 *
 * @example
 * ```ts
 * import { nn, ones } from "@qorus/qorus";
 *
 * new nn.GroupNorm(2, 6).forward(ones([3, 6, 4, 4])).shape; // [3, 6, 4, 4]
 * ```
 */
export class GroupNorm extends Module {
  /** `[channels]`, at first ones. */
  readonly weight?: Parameter;
  /** `[channels]`, at first zeros. */
  readonly bias?: Parameter;
  /** Groups that the channels are cut into. */
  readonly groups: number;
  /** Added to the variance. */
  readonly epsilon: number;

  /** Makes a norm of `channels` channels in `groups` groups. */
  constructor(groups: number, channels: number, options: GroupNormOptions = {}) {
    super();
    const { epsilon = 1e-5, affine = true } = options;
    this.groups = groups;
    this.epsilon = epsilon;
    if (!affine) return;
    this.weight = new Parameter([channels], () => constant([channels], 1));
    this.bias = new Parameter([channels], () => constant([channels], 0));
  }

  /** f32 `[batch, channels, ...]` to the same shape. */
  forward(x: Tensor): Tensor {
    const { groups, epsilon } = this;
    return groupNorm(x, groups, { weight: this.weight?.tensor, bias: this.bias?.tensor, epsilon });
  }
}
