/**
 * What operations with a window that moves over images share.
 *
 * @module
 */

import { unexpected } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { checkTensor, type Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";

/** A number for rows and columns alike, or one for each. */
export type RowsAndColumns = number | readonly [rows: number, columns: number];

/** Rows and columns of an option. */
export function pairOf(
  value: RowsAndColumns,
  field: string,
  op: string,
): readonly [number, number] {
  if (typeof value === "number") return [value, value];
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]];
  throw unexpected(value, "a number, or [rows, columns]", field, op);
}

/** Throws unless all are whole numbers that fit 31 bits. */
export function wholeNumbers(op: string, values: readonly number[]): readonly number[] {
  const wrong = values.find((value) => !(Number.isInteger(value) && value >= 0 && value < 2 ** 31));
  if (wrong === undefined) return values;
  throw new QorusError("invalid_argument", `${op}: ${wrong} is no whole number from 0 on`, {
    op,
    given: wrong,
  });
}

/** Writes what does not fit a call's arguments. */
export function writeParameters(values: readonly number[]): void {
  const { parameters } = context();
  for (let i = 0; i < values.length; i++) parameters[i] = values[i];
}

/** Throws unless the tensor has this many dimensions. */
export function requireRank(op: string, x: Tensor, rank: number): void {
  checkTensor(x, op);
  if (x.rank === rank) return;
  throw new QorusError(
    "invalid_shape",
    `${op}: [${x.shape}] has ${x.rank} dimensions, expected ${rank}`,
    { op, given: x.shape },
  );
}
