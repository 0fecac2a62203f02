/**
 * Element conversion for files, by the native library.
 *
 * @module
 */

import { empty } from "../core/creation.ts";
import type { DType } from "../core/dtype.ts";
import { scope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import type { TensorCodec } from "../formats/codec.ts";
import { convert } from "../ops/convert.ts";

/** Converts and repacks the bytes of tensors with the library's kernels. */
export const nativeCodec: TensorCodec = {
  convert(bytes, from, to, shape) {
    using _ = scope();
    return bytesOf(convert(tensorOf(bytes, from, shape), empty(shape, { dtype: to })));
  },
  toRows16(bytes, dtype, shape) {
    using _ = scope();
    const packed = empty(shape, { dtype, layout: "rows16" });
    return bytesOf(convert(tensorOf(bytes, dtype, shape), packed));
  },
  fromRows16(bytes, dtype, shape) {
    using _ = scope();
    const packed = tensorOf(bytes, dtype, shape, "rows16");
    return bytesOf(convert(packed, empty(shape, { dtype })));
  },
};

function tensorOf(
  bytes: Uint8Array,
  dtype: DType,
  shape: readonly number[],
  layout?: "rows" | "rows16",
): Tensor {
  const made = empty(shape, { dtype, layout });
  const { buffer, byteOffset, byteLength } = made.data;
  new Uint8Array(buffer, byteOffset, byteLength).set(bytes);
  return made;
}

function bytesOf(source: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = source.read();
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
