/**
 * The sigmoid linear unit.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { silu } from "../ops/activation.ts";
import { Module } from "./module.ts";

/** `x * sigmoid(x)` (Elfwing et al. 2018). */
export class SiLU extends Module {
  /** Any shape. */
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}
