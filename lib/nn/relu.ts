/**
 * The rectified linear unit.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { relu } from "../ops/activation.ts";
import { Module } from "./module.ts";

/** `max(x, 0)`. */
export class ReLU extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}
