/**
 * Checks that every table of tensors has in common.
 *
 * @module
 */

import type { DType } from "../core/dtype.ts";
import { byteLengthOf } from "../core/dtype.ts";
import { invalidFile, unsupportedFile } from "./file_error.ts";
import type { StoredTensor, TensorInfo, TensorLayout } from "./types.ts";
import { rows16ByteLength } from "./rows16.ts";

/** Most elements that a tensor may have: sizes in bytes stay exact in a double. */
export const mostElements = 2 ** 48;

/** Product of the sizes; throws `invalid_file` where one is not sensible or it overflows. */
export function countElements(shape: readonly number[], path: string, name: string): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw invalidFile(path, `shape of ${name}`, "has a size that is no count", { given: shape });
    }
    // A size of zero must not hide that the others overflow.
    count *= Math.max(size, 1);
    if (count > mostElements) {
      throw invalidFile(path, `shape of ${name}`, "is too large", {
        given: shape,
        expected: `at most ${mostElements} elements`,
      });
    }
  }
  return shape.includes(0) ? 0 : count;
}

/** Bytes of a tensor in its layout; NaN where dtype, layout and shape do not go together. */
export function storedByteLength(
  dtype: DType,
  layout: TensorLayout,
  shape: readonly number[],
): number {
  return layout === "rows16" ? rows16ByteLength(dtype, shape) : byteLengthOf(dtype, shape);
}

/** A stored tensor with a dtype that Qorus computes with; throws `unsupported` for others. */
export function usableTensor(tensor: StoredTensor, name: string = tensor.name): TensorInfo {
  const { dtype, shape, layout, path, offset, byteLength } = tensor;
  if (dtype === undefined) {
    throw unsupportedFile(path, `dtype of ${tensor.name}`, "is one Qorus cannot compute with", {
      given: tensor.storedType,
      expected: "F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K or Q6_K",
      hint: "Convert the model to one of these types with the program that wrote it.",
    });
  }
  return { name, dtype, shape, layout, path, offset, byteLength };
}

/** Throws `invalid_file` where two tensors of one file share bytes. */
export function checkOverlap(tensors: Iterable<StoredTensor>, path: string): void {
  const sorted = [...tensors].filter((tensor) => tensor.byteLength > 0)
    .sort((a, b) => a.offset - b.offset);
  for (let i = 1; i < sorted.length; i += 1) {
    const before = sorted[i - 1];
    const end = before.offset + before.byteLength;
    if (end <= sorted[i].offset) continue;
    throw invalidFile(path, `offset of ${sorted[i].name}`, `overlaps tensor ${before.name}`, {
      given: sorted[i].offset,
      expected: `at least ${end}`,
    });
  }
}
