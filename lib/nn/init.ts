/**
 * Initial values of parameters.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import { random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";

/** A parameter's tensor, uniform in [-bound, bound]. */
export function uniform(shape: readonly number[], bound: number): Tensor {
  return draw(shape, () => random().uniform(-bound, bound));
}

/** A parameter's tensor, normally distributed. */
export function normal(shape: readonly number[], standardDeviation = 1): Tensor {
  return draw(shape, () => random().normal(0, standardDeviation));
}

/** A parameter's tensor with one value everywhere. */
export function constant(shape: readonly number[], value: number): Tensor {
  return empty(shape, { state: context().defaultState() }).fill(value);
}

function draw(shape: readonly number[], next: () => number): Tensor {
  const made = empty(shape, { state: context().defaultState() });
  return made.write(Float32Array.from({ length: made.size }, next));
}
