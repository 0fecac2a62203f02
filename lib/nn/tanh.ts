/**
 * The hyperbolic tangent as a layer.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { tanh } from "../ops/activation.ts";
import { Module } from "./module.ts";

/** The hyperbolic tangent. */
export class Tanh extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}
