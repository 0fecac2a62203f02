/**
 * Changing dtype and layout.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { type CreateOptions, empty } from "../core/creation.ts";
import type { DType } from "../core/dtype.ts";
import { checkTensor, handleOf, type Tensor } from "../core/tensor.ts";

/**
 * Converts into `out`, which has x's shape: floats and quantized types to f32, f16, bf16, q8_0 or
 * q4_0, and quantized types between their layouts. Rounds to nearest even; quantizes and
 * dequantizes bit for bit as GGML does.
 *
 * @throws {QorusError} `invalid_dtype` when a K-quant (`q4_k`, `q5_k`, `q6_k`) would have to be
 * made.
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
  checkTensor(x, "to");
  return convert(x, empty(x.shape, { ...options, dtype }));
}
