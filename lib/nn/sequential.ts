/**
 * Layers one after the other.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { Module } from "./module.ts";

/** A module that takes one tensor and gives one. */
export type TensorModule = Module & { forward(x: Tensor): Tensor };

/**
 * Gives the output of each layer to the next. In the state dict the layers are numbered: the weight
 * of the third is `2.weight`.
 *
 * @example
 * ```ts
 * import { nn } from "@qorus/qorus";
 *
 * using model = new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));
 * model.parameters().length; // 4
 * ```
 */
export class Sequential extends Module {
  readonly #layers: readonly TensorModule[];

  /** Takes the layers, first to last. */
  constructor(...layers: readonly TensorModule[]) {
    super();
    this.#layers = layers;
    for (const [i, layer] of layers.entries()) {
      if (!(layer instanceof Module)) {
        throw new QorusError("invalid_argument", `Sequential: layer ${i} is no module`, {
          op: "Sequential",
          given: layer,
        });
      }
      // Properties with numbers as names are what the state dict's names come from.
      Object.defineProperty(this, i, { value: layer, enumerable: true });
    }
  }

  /** Number of layers. */
  get length(): number {
    return this.#layers.length;
  }

  /** The layer at a place; negative places count from the end. */
  at(index: number): TensorModule | undefined {
    return this.#layers.at(index);
  }

  /** The layers, first to last. */
  [Symbol.iterator](): IterableIterator<TensorModule> {
    return this.#layers.values();
  }

  /** What the last layer gives. */
  forward(x: Tensor): Tensor {
    return this.#layers.reduce((given, layer) => layer.forward(given), x);
  }
}
