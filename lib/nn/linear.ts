/**
 * The fully connected layer.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { linear } from "../ops/matmul.ts";
import { uniform } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * `x @ weight^T + bias`: `[..., inputs]` to `[..., outputs]`. The weight may be replaced by one of
 * f16, bf16 or a quantized dtype.
 *
 * @example
 * ```ts
 * import { nn, tensor } from "@qorus/qorus";
 *
 * const layer = new nn.Linear(3, 2);
 * layer.forward(tensor([[1, 2, 3]])).shape; // [1, 2]
 * ```
 */
export class Linear extends Module {
  /** `[outputs, inputs]`, at first uniform in +-1/sqrt(inputs), as in PyTorch. */
  readonly weight: Parameter;
  /** `[outputs]`, at first from the same distribution. */
  readonly bias?: Parameter;

  /** Makes a layer from `inputs` to `outputs` features. */
  constructor(inputs: number, outputs: number, options: { bias?: boolean } = {}) {
    super();
    const bound = 1 / Math.sqrt(inputs);
    const shape = [outputs, inputs];
    this.weight = new Parameter(shape, () => uniform(shape, bound));
    if (options.bias ?? true) this.bias = new Parameter([outputs], () => uniform([outputs], bound));
  }

  /** `[..., inputs]` to `[..., outputs]`, f32. */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight.tensor, this.bias?.tensor);
  }
}
