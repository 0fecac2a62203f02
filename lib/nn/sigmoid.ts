/**
 * The logistic function as a layer.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { sigmoid } from "../ops/activation.ts";
import { Module } from "./module.ts";

/** `1 / (1 + e^-x)`. */
export class Sigmoid extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}
