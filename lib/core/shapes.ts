/**
 * Arithmetic on shapes and dimensions.
 *
 * @module
 */

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
export function inferSize(shape: readonly number[], count: number): number[] {
  const unknown = shape.indexOf(-1);
  if (unknown < 0) return [...shape];
  const known = shape.reduce((product, size, i) => i === unknown ? product : product * size, 1);
  return shape.map((size, i) => i === unknown ? count / known : size);
}
