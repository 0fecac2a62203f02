/**
 * Root mean square norm.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { rmsNorm } from "../ops/normalization.ts";
import { constant } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** `x / sqrt(mean(x^2) + epsilon) * weight` over the last dimension (Zhang and Sennrich 2019). */
export class RMSNorm extends Module {
  /** `[dim]`, at first ones. */
  readonly weight: Parameter;
  /** Added to the mean square. */
  readonly epsilon: number;

  /** Makes a norm over `dim` elements. */
  constructor(dim: number, options: { epsilon?: number } = {}) {
    super();
    this.epsilon = options.epsilon ?? 1e-6;
    this.weight = new Parameter([dim], () => constant([dim], 1));
  }

  /** f32 `[..., dim]` to the same shape. */
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight.tensor, this.epsilon);
  }
}
