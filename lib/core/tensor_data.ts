/**
 * Elements of tensors as JavaScript has them.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import { unexpected } from "./arguments.ts";
import type { DType } from "./dtype.ts";

/** Arrays that view a tensor's memory: f32, i32 and bytes; f16, bf16 as their 16 bits. */
export type TensorData = Float32Array | Int32Array | Uint16Array | Uint8Array;

/** Numbers in nested arrays, as `Tensor.toArray` gives them. */
export type NestedNumbers = number | NestedNumbers[];

/** A buffer as the array that holds elements of the dtype. */
export function viewAs(dtype: DType, buffer: ArrayBuffer): TensorData {
  switch (dtype) {
    case "f32":
      return new Float32Array(buffer);
    case "i32":
      return new Int32Array(buffer);
    case "f16":
    case "bf16":
      return new Uint16Array(buffer);
    default:
      return new Uint8Array(buffer);
  }
}

/**
 * Copies numbers into the elements of a tensor of this shape and dtype.
 *
 * @throws {QorusError} `invalid_shape` when the count differs, `invalid_argument` when there are
 * none.
 */
export function writeNumbers(
  values: ArrayLike<number>,
  buffer: ArrayBuffer,
  shape: readonly number[],
  dtype: DType,
): void {
  const op = "write";
  const target = viewAs(dtype, buffer);
  if (typeof values !== "object" || values === null) {
    throw unexpected(values, "an array of numbers", undefined, op);
  }
  if (values.length !== target.length) {
    throw new QorusError(
      "invalid_shape",
      `${op}: ${values.length} values given, [${shape}] of ${dtype} takes ${target.length}`,
      { op, given: values.length, expected: target.length },
    );
  }
  target.set(values);
}

const floatBits = new Float32Array(1);
const wordBits = new Uint32Array(floatBits.buffer);

/** The number that 16 bits of bf16 stand for. */
function bfloatToNumber(bits: number): number {
  wordBits[0] = bits << 16;
  return floatBits[0];
}

/** The number that 16 bits of f16 stand for. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Elements as numbers.
 *
 * @throws {QorusError} `invalid_dtype` for quantized dtypes.
 */
export function toNumbers(
  op: string,
  dtype: DType,
  values: TensorData,
): Float32Array | Int32Array | Uint8Array {
  if (dtype === "f16") return Float32Array.from(values as Uint16Array, halfToNumber);
  if (dtype === "bf16") return Float32Array.from(values as Uint16Array, bfloatToNumber);
  const isPlain = dtype === "f32" || dtype === "i32" || dtype === "u8";
  if (isPlain) return values as Float32Array | Int32Array | Uint8Array;
  throw new QorusError("invalid_dtype", `${op}: convert ${dtype} with to(x, "f32") first`, {
    op,
    given: dtype,
  });
}

/** Numbers in row-major order as nested arrays of a shape. */
export function nestNumbers(numbers: ArrayLike<number>, shape: readonly number[]): NestedNumbers {
  let position = 0;
  const build = (dimension: number): NestedNumbers => {
    if (dimension === shape.length) return numbers[position++];
    return Array.from({ length: shape[dimension] }, () => build(dimension + 1));
  };
  return build(0);
}
