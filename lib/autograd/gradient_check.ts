/**
 * Comparing gradients with finite differences.
 *
 * @module
 */

import { checkFunction, checkOptions, unexpected } from "../core/arguments.ts";
import { noGrad } from "../core/gradient.ts";
import { scope } from "../core/scope.ts";
import { checkTensor, type Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { backward } from "./backward.ts";

/** How {@linkcode checkGradients} compares. */
export interface GradientCheckOptions {
  /** Step of the differences. Default 1e-2: f32 has few digits, so it is large. */
  step?: number;
  /** Largest absolute difference. Default 1e-2. */
  absolute?: number;
  /** Largest relative difference. Default 2e-2. */
  relative?: number;
}

/**
 * Compares the gradients of a function with central differences.
 *
 * @param compute a result of one element from the inputs
 * @param inputs f32 tensors; all are varied
 * @throws {QorusError} `invalid_argument` naming the input and element that differ.
 *
 * @example
 * ```ts
 * import { checkGradients, mul, sum, tensor } from "@qorus/qorus";
 *
 * checkGradients((x) => sum(mul(x, x)), [tensor([1, 2, 3])]);
 * ```
 */
export function checkGradients(
  compute: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradientCheckOptions = {},
): void {
  const op = "checkGradients";
  checkOptions(options, op);
  const { step = 1e-2, absolute = 1e-2, relative = 2e-2 } = options;
  checkFunction(compute, "compute", op);
  if (!Array.isArray(inputs)) throw unexpected(inputs, "an array of tensors", "inputs", op);
  for (const input of inputs) checkTensor(input, op);
  const computed = gradientsOf(compute, inputs);
  const valueAt = (input: Tensor, values: ArrayLike<number>): number => {
    using _ = scope();
    input.write(values);
    return noGrad(() => compute(...inputs).item());
  };
  for (const [k, input] of inputs.entries()) {
    const original = input.read();
    for (let i = 0; i < original.length; i++) {
      const moved = original.slice();
      moved[i] = original[i] + step;
      const above = valueAt(input, moved);
      moved[i] = original[i] - step;
      const below = valueAt(input, moved);
      const expected = (above - below) / (2 * step);
      const given = computed[k][i];
      if (Math.abs(given - expected) <= absolute + relative * Math.abs(expected)) continue;
      throw new QorusError(
        "invalid_argument",
        `${op}: input ${k}, element ${i}: gradient ${given}, difference quotient ${expected}`,
        { op, given, expected },
      );
    }
    input.write(original);
  }
}

function gradientsOf(
  compute: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
): Float32Array[] {
  using _ = scope();
  for (const input of inputs) {
    input.requiresGrad = true;
    input.grad = undefined;
  }
  backward(compute(...inputs));
  return inputs.map((input) => {
    const values = input.grad === undefined
      ? new Float32Array(input.size)
      : input.grad.read() as Float32Array;
    input.requiresGrad = false;
    input.grad = undefined;
    return values;
  });
}
