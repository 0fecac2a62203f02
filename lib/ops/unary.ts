/**
 * Mathematical functions of one tensor, element by element.
 *
 * @module
 */

import { checkOptions, realNumber } from "../core/arguments.ts";
import type { Tensor } from "../core/tensor.ts";
import { div, mul } from "./elementwise.ts";
import { derivative, recordedParametric, unary } from "./function.ts";
import type { OutOption } from "./out.ts";

/** `-x`. */
export function neg(x: Tensor, options: OutOption = {}): Tensor {
  return unary("neg", x, options, (gradient) => neg(gradient));
}

/** `e` to the power of x. */
export function exp(x: Tensor, options: OutOption = {}): Tensor {
  return unary("exp", x, options, (gradient, _, result) => mul(gradient, result));
}

/** Natural logarithm: -inf of 0, NaN of negative numbers. */
export function log(x: Tensor, options: OutOption = {}): Tensor {
  return unary("log", x, options, (gradient) => div(gradient, x));
}

/** Square root: NaN of negative numbers. */
export function sqrt(x: Tensor, options: OutOption = {}): Tensor {
  return unary("sqrt", x, options, (gradient, _, result) => derivative("sqrt", gradient, result));
}

/** Absolute value; its gradient at 0 is 0. */
export function abs(x: Tensor, options: OutOption = {}): Tensor {
  return unary("abs", x, options, (gradient) => derivative("abs", gradient, x));
}

/**
 * x, but at least `min` and at most `max`. The gradient passes where x lies between them or on
 * them.
 *
 * @example
 * ```ts
 * import { clamp, tensor } from "@qorus/qorus";
 *
 * clamp(tensor([-2, 0.5, 3]), { min: 0, max: 1 }).toArray(); // [0, 0.5, 1]
 * ```
 */
export function clamp(
  x: Tensor,
  options: OutOption & { min?: number; max?: number } = {},
): Tensor {
  const op = "clamp";
  checkOptions(options, op);
  const { min = -Infinity, max = Infinity } = options;
  const [low, high] = [realNumber(min, "min", op), realNumber(max, "max", op)];
  return recordedParametric(op, x, low, high, options);
}
