/**
 * Tensors of modules that are kept but not learned.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { ModuleTensor } from "./module_tensor.ts";

/**
 * A tensor that belongs to a module's state dict but is no parameter, such as the running mean of a
 * batch norm: optimizers and gradients leave it alone.
 *
 * @example
 * ```ts
 * import { nn, type Tensor, zeros } from "@qorus/qorus";
 *
 * class Counter extends nn.Module {
 *   readonly calls = new nn.Buffer([1], () => zeros([1]));
 *   forward(x: Tensor): Tensor {
 *     return x;
 *   }
 * }
 * new Counter().stateDict(); // has "calls"
 * ```
 */
export class Buffer extends ModuleTensor {
  /** A tensor for values that are about to be copied. */
  protected override blank(): undefined {}
  /** Called with the initial tensor. */
  protected override initialized(_: Tensor): void {}
  /** Called with a tensor that took the place of another. */
  protected override replaced(_: Tensor): void {}
}
