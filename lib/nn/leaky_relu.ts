/**
 * The rectified linear unit that leaks.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { leakyRelu } from "../ops/activation.ts";
import { Module } from "./module.ts";

/** x where it is positive, else `negativeSlope * x` (Maas et al. 2013). */
export class LeakyReLU extends Module {
  /** Slope below zero. */
  readonly negativeSlope: number;

  /** Takes the slope below zero. */
  constructor(negativeSlope = 0.01) {
    super();
    this.negativeSlope = negativeSlope;
  }

  /** Any shape. */
  forward(x: Tensor): Tensor {
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
}
