/**
 * Dropout.
 *
 * @module
 */

import { checkOptions, realNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { record } from "../core/gradient.ts";
import { random } from "../core/random.ts";
import { handleOf, type Tensor, wrap } from "../core/tensor.ts";

/** Options of {@linkcode dropout}. */
export interface DropoutOptions {
  /** Probability that an element becomes 0, from 0 to 1. Default 0.5. */
  p?: number;
  /** Without training, x is returned as it is. Default: true. */
  training?: boolean;
}

/**
 * x, f32, with random elements 0 and the others divided by `1 - p` (Srivastava et al. 2014).
 *
 * The mask belongs to a seed drawn from the generator that `manualSeed` starts. It is computed
 * again in the backward pass, so that it takes no memory, and is the same on every processor.
 *
 * @throws {QorusError} `invalid_argument` when p is not from 0 to 1.
 *
 * @example
 * ```ts
 * import { dropout, ones } from "@qorus/qorus";
 *
 * dropout(ones([6]), { p: 0.5 }).toArray(); // zeros and twos
 * ```
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  checkOptions(options, "dropout");
  const { p = 0.5, training = true } = options;
  if (!training) return x;
  realNumber(p, "p", "dropout");
  const [low, high] = [random().bits(), random().bits()];
  const masked = (values: Tensor): Tensor =>
    wrap(context().native.q_dropout(handleOf(values, "dropout"), p, low, high, 0), "dropout");
  const result = masked(x);
  if (!x.requiresGrad) return result;
  return record("dropout", result, [x], (gradient) => [masked(gradient)]);
}
