/**
 * Reductions: sums, means, extremes and variances over dimensions.
 *
 * @module
 */

import { checkOptions, realNumber, unexpected } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { record } from "../core/gradient.ts";
import { dimensionOf } from "../core/shapes.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { add, div, equal, mul, sub } from "./elementwise.ts";

/** Which dimensions a reduction takes away. */
export interface ReductionOptions {
  /** A dimension or several; negative ones count from the end. Default, and for `[]`: all. */
  axes?: number | readonly number[];
  /** Keep reduced dimensions with size 1. Default: false. */
  keepDims?: boolean;
}

/** Options of {@linkcode variance} and {@linkcode std}. */
export interface VarianceOptions extends ReductionOptions {
  /** Taken off the count that is divided by: 1 for a sample's estimate (default), 0 for none. */
  correction?: number;
}

/** Options of {@linkcode argmax} and {@linkcode argmin}. */
export interface IndexOptions {
  /** The dimension to search; negative ones count from the end. Default: all, as one row. */
  axis?: number;
  /** Keep the searched dimension with size 1. Default: false. */
  keepDims?: boolean;
}

// The codes of `Kind` in zig/ops/reduction.zig.
const codes = { sum: 0, mean: 1, max: 2, min: 3, variance: 4, std: 5 } as const;

function maskOf(op: string, x: Tensor, options: ReductionOptions): number {
  checkTensor(x, op);
  checkOptions(options, op);
  const { axes } = options;
  const { rank } = x;
  const all = 2 ** rank - 1;
  if (axes === undefined) return all;
  if (typeof axes === "number") return 1 << dimensionOf(axes, rank, op);
  if (!Array.isArray(axes)) throw unexpected(axes, "a dimension or an array of them", "axes", op);
  let mask = 0;
  for (const axis of axes) mask |= 1 << dimensionOf(axis, rank, op);
  return axes.length === 0 ? all : mask;
}

function reduce(
  op: keyof typeof codes,
  x: Tensor,
  mask: number,
  keepDims: boolean,
  correction = 0,
): Tensor {
  const handle = handleOf(x, op);
  const { native } = context();
  return wrap(native.q_reduce(codes[op], handle, mask, keepDims ? 1 : 0, correction), op);
}

/** A tensor of the reduced shape, with the reduced dimensions back at size 1. */
function restored(reduced: Tensor, shape: readonly number[], mask: number): Tensor {
  return reduced.reshape(shape.map((size, i) => (mask >> i) & 1 ? 1 : size));
}

/** Number of elements that become one. */
function countOf(shape: readonly number[], mask: number): number {
  return shape.reduce((count, size, i) => (mask >> i) & 1 ? count * size : count, 1);
}

/**
 * Sum over dimensions, f32.
 *
 * @throws {QorusError} `out_of_range` when there is no such dimension.
 *
 * @example
 * ```ts
 * import { sum, tensor } from "@qorus/qorus";
 *
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * sum(x).item(); // 21
 * sum(x, { axes: 0 }).toArray(); // [5, 7, 9]
 * ```
 */
export function sum(x: Tensor, options: ReductionOptions = {}): Tensor {
  const mask = maskOf("sum", x, options);
  const result = reduce("sum", x, mask, options.keepDims === true);
  if (!x.requiresGrad) return result;
  const { shape } = x;
  return record("sum", result, [x], (gradient) => [
    restored(gradient, shape, mask).expand(shape),
  ]);
}

/** Mean over dimensions, f32; NaN where there is nothing. */
export function mean(x: Tensor, options: ReductionOptions = {}): Tensor {
  const mask = maskOf("mean", x, options);
  const result = reduce("mean", x, mask, options.keepDims === true);
  if (!x.requiresGrad) return result;
  const { shape } = x;
  return record("mean", result, [x], (gradient) => [
    restored(div(gradient, countOf(shape, mask)), shape, mask).expand(shape),
  ]);
}

/**
 * Largest elements over dimensions, f32, as `torch.amax`: a NaN wins, and equal ones share the
 * gradient.
 *
 * @throws {QorusError} `invalid_shape` when a reduced dimension is empty.
 */
export function max(x: Tensor, options: ReductionOptions = {}): Tensor {
  return extreme("max", x, options);
}

/** Smallest elements over dimensions; otherwise as {@linkcode max}. */
export function min(x: Tensor, options: ReductionOptions = {}): Tensor {
  return extreme("min", x, options);
}

function extreme(op: "max" | "min", x: Tensor, options: ReductionOptions): Tensor {
  const mask = maskOf(op, x, options);
  const result = reduce(op, x, mask, options.keepDims === true);
  if (!x.requiresGrad) return result;
  const { shape } = x;
  return record(op, result, [x], (gradient) => {
    const chosen = equal(x, restored(result, shape, mask));
    const share = div(restored(gradient, shape, mask), reduce("sum", chosen, mask, true));
    return [mul(chosen, share)];
  });
}

/**
 * Variance over dimensions, f32: the sum of squared differences from the mean, divided by the count
 * less `correction`, as `torch.var`.
 *
 * @example
 * ```ts
 * import { tensor, variance } from "@qorus/qorus";
 *
 * variance(tensor([1, 2, 3, 4])).item(); // 1.6667
 * variance(tensor([1, 2, 3, 4]), { correction: 0 }).item(); // 1.25
 * ```
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  const mask = maskOf("variance", x, options);
  const correction = realNumber(options.correction ?? 1, "correction", "variance");
  const result = reduce("variance", x, mask, options.keepDims === true, correction);
  if (!x.requiresGrad) return result;
  const { shape } = x;
  return record("variance", result, [x], (gradient) => [
    varianceGradient(x, restored(gradient, shape, mask), mask, correction),
  ]);
}

/** Gradient of the variance; `gradient` has the reduced dimensions with size 1. */
function varianceGradient(x: Tensor, gradient: Tensor, mask: number, correction: number): Tensor {
  const divisor = Math.max(0, countOf(x.shape, mask) - correction);
  return mul(sub(x, reduce("mean", x, mask, true)), mul(gradient, 2 / divisor));
}

/** Standard deviation over dimensions: the root of the {@linkcode variance}, as `torch.std`. */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  const mask = maskOf("std", x, options);
  const correction = realNumber(options.correction ?? 1, "correction", "std");
  const result = reduce("std", x, mask, options.keepDims === true, correction);
  if (!x.requiresGrad) return result;
  const { shape } = x;
  return record("std", result, [x], (gradient) => {
    // Where all elements are equal the root has no derivative; PyTorch takes 0.
    const isZero = equal(result, 0);
    const outer = div(mul(gradient, sub(1, isZero)), add(mul(result, 2), isZero));
    return [varianceGradient(x, restored(outer, shape, mask), mask, correction)];
  });
}

/**
 * Indices, i32, of the largest elements along a dimension: the first of equals, and the first NaN
 * where there is one. It has no gradient.
 *
 * @throws {QorusError} `invalid_shape` when there is nothing to choose from.
 */
export function argmax(x: Tensor, options: IndexOptions = {}): Tensor {
  return indexOfExtreme("argmax", 0, x, options);
}

/** Indices of the smallest elements along a dimension; otherwise as {@linkcode argmax}. */
export function argmin(x: Tensor, options: IndexOptions = {}): Tensor {
  return indexOfExtreme("argmin", 1, x, options);
}

function indexOfExtreme(op: string, kind: number, x: Tensor, options: IndexOptions): Tensor {
  checkOptions(options, op);
  const { axis, keepDims = false } = options;
  const { native } = context();
  checkTensor(x, op);
  const { rank } = x;
  if (axis !== undefined) {
    const along = dimensionOf(axis, rank, op);
    return wrap(native.q_index_of_extreme(kind, handleOf(x, op), along, keepDims ? 1 : 0), op);
  }
  const row = x.reshape([x.size]);
  const index = wrap(native.q_index_of_extreme(kind, handleOf(row, op), 0, 0), op);
  return keepDims ? index.view(new Array(rank).fill(1)) : index;
}
