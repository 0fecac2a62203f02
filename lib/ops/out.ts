/**
 * Results in memory that is there already.
 *
 * @module
 */

import { isRecording } from "../core/gradient.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";

/** Options of operations that can write their result into a tensor that is there already. */
export interface OutOption {
  /** Takes the result, in place of a new tensor; has the result's shape and dtype. */
  out?: Tensor;
}

/** Throws for an operation on the tape that would overwrite what the tape may need. */
export function forbidInPlace(op: string): void {
  if (!isRecording()) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: the option out cannot be used while gradients are recorded: leave it out, or compute ` +
      "inside noGrad()",
    { op, field: "out" },
  );
}
