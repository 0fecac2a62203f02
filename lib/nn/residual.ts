/**
 * Residual connections.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { add } from "../ops/elementwise.ts";
import { Module } from "./module.ts";
import type { TensorModule } from "./sequential.ts";

/** `x + inner(x)` (He et al. 2016): the inner module keeps the shape. */
export class Residual extends Module {
  /** What is added to its own input. */
  readonly inner: TensorModule;

  /** Goes around a module. */
  constructor(inner: TensorModule) {
    super();
    this.inner = inner;
  }

  /** Any shape that the inner module takes and gives. */
  forward(x: Tensor): Tensor {
    return add(x, this.inner.forward(x));
  }
}
