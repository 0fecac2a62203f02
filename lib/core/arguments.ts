/**
 * Checks of arguments that types forbid, but that JavaScript passes: a word for a number, nothing
 * for a function, a tensor that has ended. Runtimes would cut such numbers in different ways before
 * an export gets them.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";

/** A value as messages show it: numbers and words as they are, all else by its kind. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "an array" : value.constructor?.name ?? "an object";
}

/** An error about an argument, or if it has no name about an operand, of another type. */
export function unexpected(
  given: unknown,
  expected: string,
  field: string | undefined,
  op: string,
): QorusError {
  const found = field === undefined ? `${shown(given)} given` : `${field} is ${shown(given)}`;
  return new QorusError("invalid_argument", `${op}: ${found}, expected ${expected}`, {
    op,
    field,
    given,
    expected,
  });
}

/** An error about a tensor that is used after it has ended. */
export function stale(op: string): QorusError {
  return new QorusError(
    "stale_handle",
    `${op}: the tensor was used after its scope ended or it was disposed; ` +
      "make it outside of the scope, or read its values before the scope ends",
    { op },
  );
}

/**
 * Returns a number that an export takes as u32.
 *
 * @throws {QorusError} `invalid_argument` when it is no whole number from 0 to 2^32 - 1.
 */
export function wholeNumber(value: number, field: string, op: string): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw unexpected(value, "a whole number from 0 to 2^32 - 1", field, op);
}

/**
 * Returns a number that an export takes as f32, NaN among them.
 *
 * @throws {QorusError} `invalid_argument` when it is no number.
 */
export function realNumber(value: number, field: string, op: string): number {
  if (typeof value === "number") return value;
  throw unexpected(value, "a number", field, op);
}

/**
 * Throws unless it can be called.
 *
 * @throws {QorusError} `invalid_argument`.
 */
export function checkFunction(value: unknown, field: string, op: string): void {
  if (typeof value !== "function") throw unexpected(value, "a function", field, op);
}

/**
 * Throws unless it is an object of options: `sum(x, 0)`, written as in PyTorch, must not sum all.
 *
 * @throws {QorusError} `invalid_argument`.
 */
export function checkOptions(options: object, op: string): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  throw unexpected(options, "an object, whose members are named options", "options", op);
}

/**
 * Returns the code that stands for a word.
 *
 * @throws {QorusError} `invalid_argument` that lists the words there are.
 */
export function codeOf<Word extends string>(
  codes: Readonly<Record<Word, number>>,
  word: Word,
  field: string,
  op: string,
): number {
  if (Object.hasOwn(codes, word)) return codes[word];
  throw unexpected(word, `one of ${Object.keys(codes).join(", ")}`, field, op);
}

/**
 * Runs a function that must have done its work when it returns, since what holds while it runs does
 * not hold any more behind its first await.
 *
 * @throws {QorusError} `invalid_argument` when it is no function or returns a promise; what it
 * throws.
 */
export function runToEnd<T>(run: () => T, op: string): T {
  checkFunction(run, "run", op);
  const result = run();
  if (!isThenable(result)) return result;
  // Nobody will wait for it any more: what it throws later must not end the process.
  result.then(undefined, () => {});
  throw new QorusError(
    "invalid_argument",
    `${op}: the function returned a promise: what it does after its first await would be outside ` +
      `of ${op}. Call ${op} inside of it, around what is computed without waiting`,
    { op, field: "run" },
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
