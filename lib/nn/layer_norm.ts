/**
 * Layer norm.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { layerNorm } from "../ops/normalization.ts";
import { constant } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * `(x - mean) / sqrt(variance + epsilon) * weight + bias` over the last dimension (Ba et al. 2016).
 */
export class LayerNorm extends Module {
  /** `[dim]`, at first ones. */
  readonly weight: Parameter;
  /** `[dim]`, at first zeros. */
  readonly bias?: Parameter;
  /** Added to the variance. */
  readonly epsilon: number;

  /** Makes a norm over `dim` elements. */
  constructor(dim: number, options: { epsilon?: number; bias?: boolean } = {}) {
    super();
    this.epsilon = options.epsilon ?? 1e-5;
    this.weight = new Parameter([dim], () => constant([dim], 1));
    if (options.bias ?? true) this.bias = new Parameter([dim], () => constant([dim], 0));
  }

  /** f32 `[..., dim]` to the same shape. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight.tensor, this.bias?.tensor, this.epsilon);
  }
}
