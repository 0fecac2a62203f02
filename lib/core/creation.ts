/**
 * Functions that make tensors.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import { checkOptions, codeOf, realNumber, wholeNumber } from "./arguments.ts";
import { context } from "./context.ts";
import { type DType, dtypes } from "./dtype.ts";
import { random } from "./random.ts";
import { type Tensor, wrap } from "./tensor.ts";
import type { NestedNumbers } from "./tensor_data.ts";

// The codes of `Layout` in zig/core/dtype.zig.
const layoutCodes = { rows: 0, rows16: 1 } as const;

/** Where and of what type a tensor is made. */
export interface CreateOptions {
  /** Element type. Default `f32`. */
  dtype?: DType;
  /** Arrangement of a quantized matrix. Default `rows`. */
  layout?: "rows" | "rows16";
  /** A state arena's number, for tensors that outlive scopes; 0 is scratch. Default 0. */
  state?: number;
}

/**
 * A tensor with undefined contents.
 *
 * @param shape sizes, outermost first
 */
export function empty(shape: readonly number[], options: CreateOptions = {}): Tensor {
  checkOptions(options, "empty");
  const { dtype = "f32", layout = "rows", state = 0 } = options;
  const library = context();
  library.writeSizes(shape, "empty");
  const code = dtypes[dtype]?.code;
  if (code === undefined) {
    throw new QorusError("invalid_dtype", `empty: ${dtype} is no dtype`, {
      op: "empty",
      given: dtype,
      expected: Object.keys(dtypes),
    });
  }
  const arena = wholeNumber(state, "state", "empty");
  const layoutCode = codeOf(layoutCodes, layout, "layout", "empty");
  return wrap(library.native.q_tensor_create(arena, code, layoutCode, shape.length), "empty");
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[], options: CreateOptions = {}): Tensor {
  return full(shape, 0, options);
}

/** A tensor of ones. */
export function ones(shape: readonly number[], options: CreateOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** A tensor with one value everywhere. */
export function full(shape: readonly number[], value: number, options: CreateOptions = {}): Tensor {
  return empty(shape, options).fill(value);
}

/** Typed arrays that {@linkcode tensor} takes. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array;

/**
 * A tensor with the given values: a number, nested arrays, or a typed array with a shape.
 *
 * Without a dtype, numbers, nested arrays and arrays of floats become f32, arrays of bytes u8, and
 * other arrays of integers i32. Numbers for f16, bf16 and quantized tensors are rounded to them.
 *
 * @throws {QorusError} `invalid_shape` when rows differ in length or the count does not fit;
 * `invalid_dtype` when the array is of another type.
 *
 * @example
 * ```ts
 * import { tensor } from "@qorus/qorus";
 *
 * tensor([[1, 2], [3, 4]]); // [2, 2]
 * tensor(new Float32Array(6), { shape: [2, 3] });
 * ```
 */
export function tensor(
  values: NestedNumbers | NumberArray,
  options: CreateOptions & { shape?: readonly number[] } = {},
): Tensor {
  checkOptions(options, "tensor");
  if (typeof values === "number" || Array.isArray(values)) {
    const shape = shapeOf(values);
    const flat = flatten(values);
    const count = shape.reduce((product, size) => product * size, 1);
    if (flat.length !== count || !sameShape(values, shape)) {
      throw new QorusError("invalid_shape", "tensor: the nested arrays differ in length", {
        op: "tensor",
      });
    }
    return filled(options.shape ?? shape, flat, options);
  }
  const dtype = options.dtype ?? dtypeOf(values);
  return filled(options.shape ?? [values.length], values, { ...options, dtype });
}

function filled(
  shape: readonly number[],
  values: ArrayLike<number>,
  options: CreateOptions,
): Tensor {
  const made = empty(shape, options);
  const { dtype } = made;
  if (dtype === "f32" || dtype === "i32" || dtype === "u8") return made.write(values);
  const { native } = context();
  const floats = empty(shape).write(values);
  context().check(native.q_convert(floats.handle, made.handle), "tensor");
  return made;
}

function dtypeOf(values: NumberArray): DType {
  if (values instanceof Float32Array || values instanceof Float64Array) return "f32";
  if (values instanceof Uint8Array || values instanceof Uint8ClampedArray) return "u8";
  const integers = [Int8Array, Int16Array, Int32Array, Uint16Array];
  if (integers.some((type) => values instanceof type)) return "i32";
  const given = Object.prototype.toString.call(values).slice("[object ".length, -1);
  throw new QorusError(
    "invalid_dtype",
    `tensor: ${given} given, expected a number, nested arrays, or a typed array of floats, ` +
      "bytes, or integers of up to 32 bits: convert it with Array.from()",
    { op: "tensor", given },
  );
}

/**
 * Numbers from `start` to before `end` in steps, as a vector; with one number, from 0 to before it.
 *
 * @throws {QorusError} `invalid_argument` when the end is never reached, or what is given are no
 * numbers.
 *
 * @example
 * ```ts
 * import { arange } from "@qorus/qorus";
 *
 * arange(3).toArray(); // [0, 1, 2]
 * arange(1, 2, 0.5).toArray(); // [1, 1.5]
 * ```
 */
export function arange(
  start: number,
  end?: number,
  step = 1,
  options: CreateOptions = {},
): Tensor {
  const op = "arange";
  const [first, last] = end === undefined ? [0, start] : [start, end];
  realNumber(first, "start", op);
  realNumber(last, "end", op);
  realNumber(step, "step", op);
  const length = Math.max(0, Math.ceil((last - first) / step));
  if (!Number.isFinite(length)) {
    throw new QorusError("invalid_argument", `${op}: ${first} to ${last} by ${step} has no end`, {
      op,
    });
  }
  return empty([length], options).write(Array.from({ length }, (_, i) => first + i * step));
}

/** Uniform random numbers from [0, 1), of the generator that `manualSeed` starts. */
export function rand(shape: readonly number[], options: CreateOptions = {}): Tensor {
  const made = empty(shape, options);
  return made.write(Float32Array.from({ length: made.size }, () => random().uniform()));
}

/** Normally distributed random numbers, of the generator that `manualSeed` starts. */
export function randn(shape: readonly number[], options: CreateOptions = {}): Tensor {
  const made = empty(shape, options);
  return made.write(Float32Array.from({ length: made.size }, () => random().normal()));
}

function flatten(values: NestedNumbers): number[] {
  return Array.isArray(values) ? values.flatMap(flatten) : [values];
}

function shapeOf(values: NestedNumbers): number[] {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0]) shape.push(level.length);
  return shape;
}

function sameShape(values: NestedNumbers, shape: readonly number[]): boolean {
  if (!Array.isArray(values)) return shape.length === 0;
  return values.length === shape[0] && values.every((row) => sameShape(row, shape.slice(1)));
}
