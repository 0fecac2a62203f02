/**
 * Limits on gradients.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import { scope } from "../core/scope.ts";
import { handleOf } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { gradientsOf, type LearnableInput } from "./parameter_group.ts";

/** Options of {@linkcode clipGradNorm}. */
export interface ClipGradNormOptions {
  /** 1: sum of magnitudes, 2: root of the sum of squares, Infinity: largest. Default 2. */
  normType?: number;
  /** Throw when the norm is NaN or infinite, before anything is changed. Default false. */
  errorIfNonfinite?: boolean;
}

// The codes of zig/kernels/cpu/optimizers_interface.zig.
const normCodes: ReadonlyMap<number, number> = new Map([[1, 1], [2, 2], [Infinity, 3]]);

/**
 * Scales all gradients together so that their norm, as of one vector, is at most `maxNorm`
 * (Pascanu et al. 2013).
 *
 * @param parameters parameters or tensors; those without a gradient are left out
 * @returns the norm before
 * @throws {QorusError} `invalid_argument` for a negative `maxNorm` or another norm, and with
 * `errorIfNonfinite` when the norm is no finite number.
 *
 * @example
 * ```ts
 * import { nn, optim } from "@qorus/qorus";
 *
 * using layer = new nn.Linear(8, 2);
 * const norm = optim.clipGradNorm(layer.parameters(), 1);
 * ```
 */
export function clipGradNorm(
  parameters: Iterable<LearnableInput>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): number {
  const op = "clipGradNorm";
  const { normType = 2, errorIfNonfinite = false } = options;
  const code = normCodes.get(normType);
  if (code === undefined) {
    throw new QorusError("invalid_argument", `${op}: norm ${normType}, expected 1, 2 or Infinity`, {
      op,
      field: "normType",
      given: normType,
    });
  }
  const library = context();
  const strict = errorIfNonfinite ? 1 : 0;
  withGradients(parameters, op, (handles) => {
    library.check(library.native.q_clip_norm(handles, code, maxNorm, strict), op);
  });
  return library.floatParameters[0];
}

/**
 * Limits every element of every gradient to between `-clipValue` and `clipValue`.
 *
 * @param parameters parameters or tensors; those without a gradient are left out
 * @throws {QorusError} `invalid_argument` for a negative `clipValue`.
 */
export function clipGradValue(parameters: Iterable<LearnableInput>, clipValue: number): void {
  const op = "clipGradValue";
  const library = context();
  withGradients(parameters, op, (handles) => {
    library.check(library.native.q_clip_value(handles, clipValue), op);
  });
}

/** Calls `run` with the handle of a list of the gradients' handles. */
function withGradients(
  parameters: Iterable<LearnableInput>,
  op: string,
  run: (handles: number) => void,
): void {
  const handles = gradientsOf(parameters).map((gradient) => handleOf(gradient, op));
  using _ = scope();
  run(empty([handles.length], { dtype: "i32" }).write(handles).handle);
}
