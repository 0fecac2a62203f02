/**
 * Changing dtype and layout.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { type CreateOptions, empty } from "../core/creation.ts";
import type { DType } from "../core/dtype.ts";
import { handleOf, type Tensor } from "../core/tensor.ts";

/**
 * Converts into `out`, which has x's shape: between f32, f16, bf16, q8_0 and q4_0, and between the
 * layouts of the quantized ones. Rounds to nearest even; quantizes bit for bit as GGML does.
 */
export function convert(x: Tensor, out: Tensor): Tensor {
  const op = "convert";
  context().check(context().native.q_convert(handleOf(x, op), handleOf(out, op)), op);
  return out;
}

/**
 * A copy of x in another dtype, in scratch or in the state arena that the options name. It has no
 * gradient: what is not f32 are weights for inference.
 */
export function to(x: Tensor, dtype: DType, options: Omit<CreateOptions, "dtype"> = {}): Tensor {
  return convert(x, empty(x.shape, { ...options, dtype }));
}
