/**
 * Learned tensors of modules.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import type { Tensor } from "../core/tensor.ts";
import { ModuleTensor } from "./module_tensor.ts";

/**
 * A tensor that a module learns. Its initial values are computed on first use, so that a model
 * whose weights are taken from a file never pays for them. A tensor that replaces them may have any
 * dtype and is learned only if it requires a gradient.
 */
export class Parameter extends ModuleTensor {
  #requiresGrad = true;

  /** A tensor for values that are about to be copied. */
  protected override blank(): Tensor {
    return empty(this.shape, { state: context().defaultState() });
  }

  /** Called with the initial tensor. */
  protected override initialized(tensor: Tensor): void {
    tensor.requiresGrad = this.#requiresGrad;
  }

  /** Called with a tensor that took the place of another. */
  protected override replaced(tensor: Tensor): void {
    this.#requiresGrad = tensor.requiresGrad;
  }

  /** Whether the parameter is learned; set it to false to freeze it. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(value: boolean) {
    this.#requiresGrad = value;
    if (this.existing !== undefined) this.existing.requiresGrad = value;
  }

  /** The gradient, after `backward()`. */
  get grad(): Tensor | undefined {
    return this.existing?.grad;
  }
}
