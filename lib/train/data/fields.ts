/**
 * Fields of samples: their sizes, their memory, and numbers that are checked on their way into it.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import type { Field, FieldMemory, Fields } from "./dataset.ts";

/** Bytes of an element of every dtype that fields have. */
export const elementBytes: Readonly<Record<Field["dtype"], number>> = { f32: 4, i32: 4, u8: 1 };

/** Elements of one sample's field. */
export function elementCount(field: Field): number {
  return field.shape.reduce((product, size) => product * size, 1);
}

/** Memory for `count` samples' field, outside of the native library. */
export function fieldMemory(field: Field, count: number): FieldMemory {
  const length = count * elementCount(field);
  switch (field.dtype) {
    case "f32":
      return new Float32Array(length);
    case "i32":
      return new Int32Array(length);
    case "u8":
      return new Uint8Array(length);
  }
}

/**
 * The names of fields.
 *
 * @throws {QorusError} `invalid_argument` when there is none, `invalid_shape` or `invalid_dtype`
 * when one cannot be a tensor.
 */
export function fieldNames<Name extends string>(fields: Fields<Name>, op: string): Name[] {
  const names = Object.keys(fields) as Name[];
  if (names.length === 0) {
    throw new QorusError("invalid_argument", `${op}: a sample needs at least one field`, { op });
  }
  for (const name of names) {
    const { shape, dtype } = fields[name];
    if (!shape.every((size) => Number.isInteger(size) && size >= 1) || shape.length > 5) {
      throw new QorusError(
        "invalid_shape",
        `${op}: field ${name} has shape [${shape}], expected at most 5 whole numbers from 1`,
        { op, field: name, given: shape },
      );
    }
    if (elementBytes[dtype] === undefined) {
      throw new QorusError(
        "invalid_dtype",
        `${op}: field ${name} is ${dtype}, expected f32, i32 or u8`,
        { op, field: name, given: dtype, expected: ["f32", "i32", "u8"] },
      );
    }
  }
  return names;
}

/** A record with the value of each name. */
export function recordOf<Name extends string, Value>(
  names: readonly Name[],
  value: (index: number) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name, i) => [name, value(i)])) as Record<Name, Value>;
}

const ranges = {
  i32: [-(2 ** 31), 2 ** 31 - 1, "a whole number from -2^31 to 2^31 - 1"],
  u8: [0, 255, "a whole number from 0 to 255"],
} as const;

/** What is expected of a number that cannot be an element of the dtype; undefined where it can. */
function objection(value: unknown, dtype: Field["dtype"]): string | undefined {
  if (dtype === "f32") {
    const isFinite = typeof value === "number" && Number.isFinite(Math.fround(value));
    return isFinite ? undefined : "a finite number";
  }
  const [least, most, expected] = ranges[dtype];
  const fits = Number.isInteger(value) && value as number >= least && value as number <= most;
  return fits ? undefined : expected;
}

/**
 * Copies a sample's numbers into the memory of a field. An array of the memory's own type is copied
 * as it is; other numbers are checked one by one.
 *
 * @param place where the numbers come from, for errors
 * @throws {QorusError} `invalid_shape` for a wrong count, `out_of_range` for a number that the
 * dtype does not have.
 */
export function writeNumbers(
  target: FieldMemory,
  values: number | ArrayLike<number>,
  field: Field,
  name: string,
  place: () => string,
): void {
  const given = typeof values === "number" ? 1 : values?.length;
  if (given !== target.length) {
    throw new QorusError(
      "invalid_shape",
      `${place()}: field ${name}: ${given ?? "no"} numbers given, ` +
        `[${field.shape}] takes ${target.length}`,
      { field: name, given, expected: target.length },
    );
  }
  if (typeof values !== "number" && values.constructor === target.constructor) {
    target.set(values);
    return;
  }
  for (let i = 0; i < target.length; i++) {
    const value = typeof values === "number" ? values : values[i];
    const expected = objection(value, field.dtype);
    if (expected !== undefined) {
      throw new QorusError(
        "out_of_range",
        `${place()}: field ${name}: number ${i} is ${value}, expected ${expected}`,
        { field: name, given: value, expected },
      );
    }
    target[i] = value;
  }
}
