/**
 * Arithmetic on shapes and dimensions.
 *
 * @module
 */

import { unexpected } from "./arguments.ts";
import { QorusError } from "../native/error.ts";

/** Counts a negative dimension from the end. */
export function dimensionOf(dimension: number, rank: number, op: string): number {
  const index = dimension < 0 ? dimension + rank : dimension;
  if (Number.isInteger(index) && index >= 0 && index < rank) return index;
  const expected = rank === 0 ? "none" : `${-rank} to ${rank - 1}`;
  throw new QorusError(
    "out_of_range",
    `${op}: dimension ${dimension} of a tensor of rank ${rank}, expected ${expected}`,
    { op, given: dimension, expected },
  );
}

/** The order that undoes another. */
export function inverse(order: readonly number[]): number[] {
  const result = new Array<number>(order.length);
  for (let i = 0; i < order.length; i++) result[order[i]] = i;
  return result;
}

/** The shape with its -1, if there is one, replaced by what gives `count` elements. */
export function inferSize(shape: readonly number[], count: number, op: string): number[] {
  if (!Array.isArray(shape)) throw unexpected(shape, "an array of sizes", undefined, op);
  const unknown = shape.indexOf(-1);
  if (unknown < 0) return [...shape];
  const known = shape.reduce((product, size, i) => i === unknown ? product : product * size, 1);
  return shape.map((size, i) => i === unknown ? count / known : size);
}

/**
 * Where a slice begins and ends; negative places count from the end.
 *
 * @throws {QorusError} `out_of_range` unless all is whole and inside of the dimension.
 */
export function sliceRange(
  { start, end, step }: { start: number; end: number; step: number },
  dimension: number,
  size: number,
): [from: number, to: number] {
  const [from, to] = [start < 0 ? start + size : start, end < 0 ? end + size : end];
  const whole = Number.isInteger(from) && Number.isInteger(to) && Number.isInteger(step);
  if (whole && from >= 0 && to >= from && to <= size && step >= 1 && step < 2 ** 32) {
    return [from, to];
  }
  throw new QorusError(
    "out_of_range",
    `slice: ${start} to ${end} by ${step} of dimension ${dimension}, which has ${size}; ` +
      `expected 0 to ${size}, the end not before the start, and a whole step of 1 or more`,
    { op: "slice", given: [start, end, step], expected: size },
  );
}
