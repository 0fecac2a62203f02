/**
 * The fully connected layer.
 *
 * @module
 */

import { isRecording } from "../core/gradient.ts";
import type { Tensor } from "../core/tensor.ts";
import { add } from "../ops/elementwise.ts";
import { addLinear, gatedLinear, linears, type WeightAndBias } from "../ops/inference.ts";
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

/** What several layers make of the same input; in one step where no gradients are recorded. */
export function forwardTogether(layers: readonly Linear[], x: Tensor): Tensor[] {
  if (!areFusible(layers)) return layers.map((layer) => layer.forward(x));
  return linears(x, layers.map(operandsOf));
}

/** `silu(gate(x)) * up(x)` without the two products, where no gradients are recorded. */
export function forwardGated(gate: Linear, up: Linear, x: Tensor): Tensor | undefined {
  if (!areFusible([gate, up])) return undefined;
  return gatedLinear(x, operandsOf(gate), operandsOf(up));
}

/** Adds `layer(x)` to a residual stream, which is changed. */
export function forwardInto(residual: Tensor, layer: Linear, x: Tensor): void {
  if (areFusible([layer])) addLinear(residual, x, operandsOf(layer));
  else add(residual, layer.forward(x), { out: residual });
}

function areFusible(layers: readonly Linear[]): boolean {
  return !isRecording() && layers.every(isPlain);
}

/** Whether a layer computes a product: one of a class of its own has a `forward` of its own. */
export function isPlain(layer: Linear): boolean {
  return layer.constructor === Linear;
}

/** What steps of the library take of a layer. */
export function operandsOf({ weight, bias }: Linear): WeightAndBias {
  return { weight: weight.tensor, bias: bias?.tensor };
}
