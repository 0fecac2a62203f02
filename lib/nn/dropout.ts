/**
 * Dropout.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { dropout } from "../ops/dropout.ts";
import { Module } from "./module.ts";
import { probability } from "./probability.ts";

/**
 * While training, sets random elements to 0 and divides the others by `1 - p` (Srivastava et al.
 * 2014); afterwards it does nothing.
 */
export class Dropout extends Module {
  /** Probability that an element becomes 0. */
  readonly p: number;

  /**
   * Takes the probability.
   *
   * @throws {QorusError} `invalid_argument` when it is not from 0 to 1.
   */
  constructor(p = 0.5) {
    super();
    this.p = probability(p, "Dropout");
  }

  /** Any shape. */
  forward(x: Tensor): Tensor {
    return dropout(x, { p: this.p, training: this.training });
  }
}
