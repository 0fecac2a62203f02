/**
 * The Gaussian error linear unit.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { gelu } from "../ops/activation.ts";
import { Module } from "./module.ts";

/** `x * Phi(x)`, exact or through tanh (Hendrycks and Gimpel 2016). */
export class GELU extends Module {
  readonly #approximate: "none" | "tanh";

  /** Takes the form: exact unless `approximate` is `tanh`. */
  constructor(options: { approximate?: "none" | "tanh" } = {}) {
    super();
    this.#approximate = options.approximate ?? "none";
  }

  /** Any shape. */
  forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.#approximate });
  }
}
