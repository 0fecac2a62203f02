/**
 * Calls of the native functions of one operand, and of their gradients.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { record } from "../core/gradient.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { forbidInPlace, type OutOption } from "./out.ts";

// The codes of zig/kernels/cpu/elementwise_interface.zig.
const unaryCodes = {
  relu: 0,
  silu: 1,
  gelu: 2,
  geluTanh: 3,
  sigmoid: 4,
  tanh: 5,
  exp: 6,
  neg: 7,
  sqrt: 8,
  log: 10,
  abs: 11,
} as const;
const parametricCodes = { leakyRelu: 0, elu: 1, softplus: 2, clamp: 3, pow: 4 } as const;
const derivativeCodes = {
  relu: 0,
  silu: 1,
  gelu: 2,
  geluTanh: 3,
  sigmoid: 4,
  tanh: 5,
  sqrt: 6,
  abs: 7,
  leakyRelu: 8,
  elu: 9,
  softplus: 10,
  clamp: 11,
  pow: 12,
} as const;

/** Gradient of x, given the result and the gradient of the result. */
type GradientOf = (gradient: Tensor, x: Tensor, result: Tensor) => Tensor;

/** `f(x)`, recorded with its gradient. */
export function unary(
  op: keyof typeof unaryCodes,
  x: Tensor,
  { out }: OutOption,
  gradientOf: GradientOf,
): Tensor {
  const target = out === undefined ? 0 : handleOf(out, op);
  const result = wrap(context().native.q_unary(unaryCodes[op], handleOf(x, op), target), op);
  if (!x.requiresGrad) return result;
  if (out !== undefined) forbidInPlace(op);
  return record(op, result, [x], (gradient) => [gradientOf(gradient, x, result)]);
}

/** `f(x)` with two parameters, not recorded. */
export function parametric(
  op: keyof typeof parametricCodes,
  x: Tensor,
  first: number,
  second: number,
  { out }: OutOption,
): Tensor {
  const target = out === undefined ? 0 : handleOf(out, op);
  const handle = handleOf(x, op);
  const { native } = context();
  return wrap(native.q_parametric(parametricCodes[op], handle, first, second, target), op);
}

/** `f(x)` with two parameters, recorded with its gradient, which is computed from x. */
export function recordedParametric(
  op: keyof typeof parametricCodes,
  x: Tensor,
  first: number,
  second: number,
  options: OutOption,
): Tensor {
  const result = parametric(op, x, first, second, options);
  if (!x.requiresGrad) return result;
  if (options.out !== undefined) forbidInPlace(op);
  return record(op, result, [x], (gradient) => [derivative(op, gradient, x, first, second)]);
}

/** `gradient * f'` in one pass; `saved` is the operand or the result, whichever `f'` needs. */
export function derivative(
  op: keyof typeof derivativeCodes,
  gradient: Tensor,
  saved: Tensor,
  first = 0,
  second = 0,
): Tensor {
  const { native } = context();
  const [g, s] = [handleOf(gradient, op), handleOf(saved, op)];
  return wrap(native.q_derivative(derivativeCodes[op], g, s, first, second, 0), op);
}
