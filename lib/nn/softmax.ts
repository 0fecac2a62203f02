/**
 * Softmax as a layer.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { softmax } from "../ops/normalization.ts";
import { Module } from "./module.ts";

/** Softmax over one dimension. */
export class Softmax extends Module {
  /** The dimension whose elements add up to 1. */
  readonly dim: number;

  /** Makes the layer; a negative dimension counts from the end. */
  constructor(dim = -1) {
    super();
    this.dim = dim;
  }

  /** f32 to the same shape. */
  forward(x: Tensor): Tensor {
    return softmax(x, { dim: this.dim });
  }
}
