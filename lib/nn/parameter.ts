/**
 * Learned tensors of modules.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";

/**
 * A tensor that a module learns. Its initial values are computed on first use, so that a model
 * whose weights are taken from a file never pays for them.
 */
export class Parameter implements Disposable {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  #tensor: Tensor | undefined;
  #requiresGrad = true;
  readonly #initialize: () => Tensor;

  /**
   * Makes a parameter without values.
   *
   * @param shape sizes, outermost first
   * @param initialize makes the initial tensor in a state arena
   */
  constructor(shape: readonly number[], initialize: () => Tensor) {
    this.shape = shape;
    this.#initialize = initialize;
  }

  /** The values. */
  get tensor(): Tensor {
    if (this.#tensor === undefined) {
      this.#tensor = this.#initialize();
      this.#tensor.requiresGrad = this.#requiresGrad;
    }
    return this.#tensor;
  }

  /**
   * Replaces the values by a tensor of the same shape and any dtype, which is used as it is: it is
   * learned only if it requires a gradient.
   *
   * @throws {QorusError} `invalid_shape` when the shapes differ.
   */
  set tensor(replacement: Tensor) {
    this.checkShape(replacement);
    this.#tensor = replacement;
    this.#requiresGrad = replacement.requiresGrad;
  }

  /** Throws unless the tensor has this parameter's shape; `name` is for the message. */
  checkShape({ shape }: Tensor, name = "parameter"): void {
    if (shape.length === this.shape.length && shape.every((size, i) => size === this.shape[i])) {
      return;
    }
    throw new QorusError(
      "invalid_shape",
      `${name}: a tensor of [${shape}] was given for one of [${this.shape}]`,
      { field: name, given: shape, expected: this.shape },
    );
  }

  /** Whether the parameter is learned; set it to false to freeze it. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(value: boolean) {
    this.#requiresGrad = value;
    if (this.#tensor !== undefined) this.#tensor.requiresGrad = value;
  }

  /** The gradient, after `backward()`. */
  get grad(): Tensor | undefined {
    return this.#tensor?.grad;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** Ends the tensor, if there is one. */
  [Symbol.dispose](): void {
    this.#tensor?.[Symbol.dispose]();
    this.#tensor = undefined;
  }
}
