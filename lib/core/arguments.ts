/**
 * Checks of numbers before they become arguments of exports, which runtimes would cut in different
 * ways.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";

/**
 * Returns a number that an export takes as u32.
 *
 * @throws {QorusError} `invalid_argument` when it is no whole number from 0 to 2^32 - 1.
 */
export function wholeNumber(value: number, field: string, op: string): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw new QorusError(
    "invalid_argument",
    `${op}: ${field} is ${value}, expected a whole number from 0 to 2^32 - 1`,
    { op, field, given: value },
  );
}
