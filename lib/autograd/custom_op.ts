/**
 * Operations with gradients of the user's own.
 *
 * @module
 */

import { checkFunction, unexpected } from "../core/arguments.ts";
import { noGrad, record } from "../core/gradient.ts";
import type { Tensor } from "../core/tensor.ts";

/** The two halves of an operation; see {@linkcode customOp}. */
export interface CustomOp {
  /** Its name in messages. */
  name?: string;
  /** Computes the output. */
  forward: (...inputs: Tensor[]) => Tensor;
  /** Gradients of the inputs, undefined where there is none. */
  backward: (
    gradient: Tensor,
    inputs: readonly Tensor[],
    output: Tensor,
  ) => readonly (Tensor | undefined)[];
}

/**
 * Makes an operation out of a forward and a backward function.
 *
 * @returns the operation: it computes what `forward` does, and puts it on the tape
 * @throws {QorusError} `invalid_argument` when one of both is no function.
 *
 * @example
 * ```ts
 * import { customOp, mul } from "@qorus/qorus";
 *
 * const square = customOp({
 *   forward: (x) => mul(x, x),
 *   backward: (gradient, [x]) => [mul(gradient, mul(x, 2))],
 * });
 * ```
 */
export function customOp(definition: CustomOp): (...inputs: Tensor[]) => Tensor {
  const op = "customOp";
  if (typeof definition !== "object" || definition === null) {
    throw unexpected(definition, "an object with forward and backward", undefined, op);
  }
  const { name = op, forward, backward } = definition;
  checkFunction(forward, "forward", op);
  checkFunction(backward, "backward", op);
  return (...inputs) => {
    const output = noGrad(() => forward(...inputs));
    return record(name, output, inputs, (gradient) => backward(gradient, inputs, output));
  };
}
