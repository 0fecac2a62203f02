/**
 * The precision of products.
 *
 * @module
 */

import { codeOf } from "./arguments.ts";
import { context } from "./context.ts";

/**
 * How products of f32 tensors are computed: in `f32`, or with operands rounded to `bf16` (nearest,
 * ties to even) and sums in f32. The result is f32 either way.
 */
export type Precision = "f32" | "bf16";

// The codes of zig/kernels/cpu/threaded/runner.zig.
const codes: Readonly<Record<Precision, number>> = { f32: 0, bf16: 1 };

let active: Precision = "f32";

/** What products are computed in at the moment. */
export function activePrecision(): Precision {
  return active;
}

/** Computes the products that follow in this precision. */
export function setPrecision(precision: Precision): void {
  if (precision === active) return;
  const { native } = context();
  context().check(native.q_set_precision(codes[precision]), "autocast");
  active = precision;
}

/**
 * Throws unless it is a precision.
 *
 * @throws {QorusError} `invalid_argument` that names the field.
 */
export function checkPrecision(op: string, field: string, precision: unknown): void {
  codeOf(codes, precision as Precision, field, op);
}
