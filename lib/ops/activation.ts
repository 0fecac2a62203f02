/**
 * Activation functions.
 *
 * @module
 */

import { checkOptions, codeOf, realNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import { record } from "../core/gradient.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { derivative, recordedParametric, unary } from "./function.ts";
import { forbidInPlace, type OutOption } from "./out.ts";

/** `max(x, 0)`; its gradient at 0 is 0. */
export function relu(x: Tensor, options: OutOption = {}): Tensor {
  return unary("relu", x, options, (gradient, _, result) => derivative("relu", gradient, result));
}

/** x where it is positive, else `negativeSlope * x` (default 0.01; Maas et al. 2013). */
export function leakyRelu(
  x: Tensor,
  options: OutOption & { negativeSlope?: number } = {},
): Tensor {
  const op = "leakyRelu";
  checkOptions(options, op);
  const slope = realNumber(options.negativeSlope ?? 0.01, "negativeSlope", op);
  return recordedParametric(op, x, slope, 0, options);
}

/** x where it is positive, else `alpha * (e^x - 1)` (default 1; Clevert et al. 2015). */
export function elu(x: Tensor, options: OutOption & { alpha?: number } = {}): Tensor {
  const op = "elu";
  checkOptions(options, op);
  return recordedParametric(op, x, realNumber(options.alpha ?? 1, "alpha", op), 0, options);
}

/**
 * `log(1 + e^(beta * x)) / beta`, a smooth relu; x itself where `beta * x` is above `threshold`.
 * Defaults: beta 1, threshold 20.
 */
export function softplus(
  x: Tensor,
  options: OutOption & { beta?: number; threshold?: number } = {},
): Tensor {
  const op = "softplus";
  checkOptions(options, op);
  const beta = realNumber(options.beta ?? 1, "beta", op);
  const threshold = realNumber(options.threshold ?? 20, "threshold", op);
  return recordedParametric(op, x, beta, threshold, options);
}

/** `x * sigmoid(x)`, also called swish (Elfwing et al. 2018). */
export function silu(x: Tensor, options: OutOption = {}): Tensor {
  return unary("silu", x, options, (gradient) => derivative("silu", gradient, x));
}

const approximations = { none: 0, tanh: 1 } as const;

/** Gaussian error linear unit (Hendrycks and Gimpel 2016): `x * Phi(x)`, exact or through tanh. */
export function gelu(
  x: Tensor,
  options: OutOption & { approximate?: "none" | "tanh" } = {},
): Tensor {
  checkOptions(options, "gelu");
  const { approximate = "none" } = options;
  const isExact = codeOf(approximations, approximate, "approximate", "gelu") === 0;
  const op = isExact ? "gelu" : "geluTanh";
  return unary(op, x, options, (gradient) => derivative(op, gradient, x));
}

/** `1 / (1 + e^-x)`. */
export function sigmoid(x: Tensor, options: OutOption = {}): Tensor {
  return unary(
    "sigmoid",
    x,
    options,
    (gradient, _, result) => derivative("sigmoid", gradient, result),
  );
}

/** Hyperbolic tangent. */
export function tanh(x: Tensor, options: OutOption = {}): Tensor {
  return unary("tanh", x, options, (gradient, _, result) => derivative("tanh", gradient, result));
}

/** `silu(gate) * up` in one pass: the heart of SwiGLU (Shazeer 2020). Both have the same shape. */
export function siluMul(gate: Tensor, up: Tensor, options: OutOption = {}): Tensor {
  const op = "siluMul";
  const target = options.out === undefined ? 0 : handleOf(options.out, op);
  const { native } = context();
  const result = wrap(native.q_silu_mul(handleOf(gate, op), handleOf(up, op), target), op);
  if (!gate.requiresGrad && !up.requiresGrad) return result;
  if (options.out !== undefined) forbidInPlace(op);
  return record(op, result, [gate, up], (gradient) => {
    const [gateGradient, upGradient] = [empty(gate.shape), empty(gate.shape)];
    const handles = [gradient, gate, up, gateGradient, upGradient].map((x) => handleOf(x, op));
    const [g, x, y, xOut, yOut] = handles;
    context().check(native.q_silu_mul_gradients(g, x, y, xOut, yOut), op);
    return [gateGradient, upGradient];
  });
}
