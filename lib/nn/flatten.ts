/**
 * Flattening.
 *
 * @module
 */

import { dimensionOf } from "../core/shapes.ts";
import type { Tensor } from "../core/tensor.ts";
import { Module } from "./module.ts";

/** Joins dimensions into one: by default all but the first, which is the batch. */
export class Flatten extends Module {
  readonly #first: number;
  readonly #last: number;

  /** Takes the first and last dimension to join; negative ones count from the end. */
  constructor(options: { startDim?: number; endDim?: number } = {}) {
    super();
    this.#first = options.startDim ?? 1;
    this.#last = options.endDim ?? -1;
  }

  /** `[batch, ...]` to `[batch, features]`. */
  forward(x: Tensor): Tensor {
    const { shape } = x;
    const first = dimensionOf(this.#first, shape.length, "Flatten");
    const last = dimensionOf(this.#last, shape.length, "Flatten");
    const joined = shape.slice(first, last + 1).reduce((product, size) => product * size, 1);
    return x.reshape([...shape.slice(0, first), joined, ...shape.slice(last + 1)]);
  }
}
