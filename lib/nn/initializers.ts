/**
 * Initial values by the usual rules, for layers of one's own and to begin again.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import { random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { ModuleTensor } from "./module_tensor.ts";

/**
 * Where initial values go: a parameter, buffer or tensor of f32 that is written over, or the shape
 * of a tensor to be made in state.
 */
export type InitTarget = readonly number[] | ModuleTensor | Tensor;

/** A function behind the layer; the others are those of PyTorch's `calculate_gain`. */
export type Nonlinearity =
  | "linear"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "selu";

/** Options of the rules of He et al. */
export interface KaimingOptions {
  /** Slope of a leaky ReLU below zero. Default 0. */
  slope?: number;
  /**
   * Keep the size of signals forward (`fanIn`, the default) or of gradients backward (`fanOut`).
   */
  mode?: "fanIn" | "fanOut";
  /** The function behind the layer. Default `leakyRelu`. */
  nonlinearity?: Nonlinearity;
}

/** What a function does to the standard deviation, for `gain`. */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  switch (nonlinearity) {
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.SQRT2;
    case "leakyRelu":
      return Math.sqrt(2 / (1 + slope ** 2));
    case "selu":
      return 3 / 4;
    default:
      return 1;
  }
}

/** Uniform in [low, high). */
export function uniform(
  target: InitTarget,
  options: { low?: number; high?: number } = {},
): Tensor {
  const { low = 0, high = 1 } = options;
  const generator = random();
  return fill(target, () => generator.uniform(low, high));
}

/** Normally distributed. */
export function normal(
  target: InitTarget,
  options: { mean?: number; standardDeviation?: number } = {},
): Tensor {
  const { mean = 0, standardDeviation = 1 } = options;
  const generator = random();
  return fill(target, () => generator.normal(mean, standardDeviation));
}

/** One value everywhere. */
export function constant(target: InitTarget, value: number): Tensor {
  return open(target).fill(value);
}

/** Zeros. */
export function zeros(target: InitTarget): Tensor {
  return constant(target, 0);
}

/** Ones. */
export function ones(target: InitTarget): Tensor {
  return constant(target, 1);
}

/**
 * Uniform, so that signals and gradients keep their size on average (Glorot and Bengio 2010).
 *
 * @throws {QorusError} `invalid_shape` unless the target has two dimensions or more.
 */
export function xavierUniform(target: InitTarget, options: { gain?: number } = {}): Tensor {
  const high = Math.sqrt(3) * xavierDeviation(target, options.gain);
  return uniform(target, { low: -high, high });
}

/** Normally distributed; else as {@linkcode xavierUniform}. */
export function xavierNormal(target: InitTarget, options: { gain?: number } = {}): Tensor {
  return normal(target, { standardDeviation: xavierDeviation(target, options.gain) });
}

/**
 * Uniform, so that signals keep their size through layers with ReLU (He et al. 2015).
 *
 * @throws {QorusError} `invalid_shape` unless the target has two dimensions or more.
 *
 * @example
 * ```ts
 * import { nn } from "@qorus/qorus";
 *
 * using layer = new nn.Linear(784, 256);
 * nn.init.kaimingUniform(layer.weight, { nonlinearity: "relu" });
 * ```
 */
export function kaimingUniform(target: InitTarget, options: KaimingOptions = {}): Tensor {
  const high = Math.sqrt(3) * kaimingDeviation(target, options);
  return uniform(target, { low: -high, high });
}

/** Normally distributed; else as {@linkcode kaimingUniform}. */
export function kaimingNormal(target: InitTarget, options: KaimingOptions = {}): Tensor {
  return normal(target, { standardDeviation: kaimingDeviation(target, options) });
}

/**
 * Rows (or columns, where there are fewer) at right angles and of length `gain` (Saxe et al. 2014);
 * dimensions behind the first count as one.
 *
 * @throws {QorusError} `invalid_shape` unless the target has two dimensions or more.
 */
export function orthogonal(target: InitTarget, options: { gain?: number } = {}): Tensor {
  const { gain = 1 } = options;
  const { fanIn, rows } = fans(target, "orthogonal");
  const generator = random();
  const [count, length] = [Math.min(rows, fanIn), Math.max(rows, fanIn)];
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const vector = Float64Array.from({ length }, () => generator.normal());
    // Twice is enough for what rounding leaves (Giraud et al. 2005).
    for (const _ of [1, 2]) for (const other of basis) subtractAlong(vector, other);
    const size = Math.sqrt(dot(vector, vector));
    basis.push(vector.map((value) => value / size));
  }
  let at = 0;
  return fill(target, () => {
    const [row, column] = [Math.floor(at / fanIn), at++ % fanIn];
    return gain * (rows <= fanIn ? basis[row][column] : basis[column][row]);
  });
}

function subtractAlong(vector: Float64Array, direction: Float64Array): void {
  const amount = dot(vector, direction);
  for (let i = 0; i < vector.length; i++) vector[i] -= amount * direction[i];
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function xavierDeviation(target: InitTarget, gain = 1): number {
  const { fanIn, fanOut } = fans(target, "xavier");
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

function kaimingDeviation(target: InitTarget, options: KaimingOptions): number {
  const { slope = 0, mode = "fanIn", nonlinearity = "leakyRelu" } = options;
  return calculateGain(nonlinearity, slope) / Math.sqrt(fans(target, "kaiming")[mode]);
}

/** Inputs of an output and outputs of an input: a kernel's elements count. */
function fans(target: InitTarget, op: string): { fanIn: number; fanOut: number; rows: number } {
  const shape = isShape(target) ? target : target.shape;
  if (shape.length < 2) {
    throw new QorusError(
      "invalid_shape",
      `init: ${op} needs two dimensions or more, [${shape}] was given`,
      { op: "init", given: shape },
    );
  }
  const [rows, columns, ...kernel] = shape;
  const field = kernel.reduce((product, size) => product * size, 1);
  return { fanIn: columns * field, fanOut: rows * field, rows };
}

function isShape(target: InitTarget): target is readonly number[] {
  return Array.isArray(target);
}

function open(target: InitTarget): Tensor {
  if (isShape(target)) return empty(target, { state: context().defaultState() });
  return target instanceof ModuleTensor ? target.tensor : target;
}

function fill(target: InitTarget, next: () => number): Tensor {
  const made = open(target);
  return made.write(Float32Array.from({ length: made.size }, next));
}
