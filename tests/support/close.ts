/**
 * Comparing numbers with what they should be.
 *
 * @module
 */

import { AssertionError } from "./assert.ts";

/** How far results may lie from the reference; the defaults are those of the whole project. */
export interface Bounds {
  /** Largest absolute difference. Default 1e-5. */
  absolute?: number;
  /** Largest relative difference. Default 1e-4. */
  relative?: number;
  /**
   * What a difference is relative to: the largest element of the reference, as sums of terms of
   * both signs need it, or each element. Default `largest`.
   */
  relativeTo?: "largest" | "element";
  /** Why the bounds are other than the project's. */
  reason?: string;
}

/**
 * Throws unless both have the same length, NaN and infinities in the same places, and numbers
 * within both bounds everywhere else.
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bounds: Bounds = {},
): void {
  const { absolute = 1e-5, relative = 1e-4, relativeTo = "largest" } = bounds;
  if (actual.length !== expected.length) {
    throw new AssertionError(`${actual.length} numbers, expected ${expected.length}`);
  }
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]));
  }
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue;
    const difference = Math.abs(actual[i] - expected[i]);
    const measure = relativeTo === "largest" ? largest : Math.abs(expected[i]);
    // Written so that NaN fails.
    if (difference < absolute && difference < relative * measure) continue;
    throw new AssertionError(
      `element ${i} is ${actual[i]}, expected ${expected[i]}: ` +
        `differs by ${difference}, ${difference / measure} of ${measure}`,
    );
  }
}
