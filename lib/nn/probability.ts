/**
 * Checking probabilities of dropout.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";

/** Returns a probability; throws `invalid_argument` when it is none. */
export function probability(given: number, op: string): number {
  if (given >= 0 && given <= 1) return given;
  throw new QorusError(
    "invalid_argument",
    `${op}: dropout: ${given} is no probability, expected 0 to 1`,
    { op, field: "dropout", given, expected: "0 to 1" },
  );
}
