/**
 * The few assertions of JSR's `@std/assert` that the tests use, under the same names.
 *
 * JSR cannot be reached everywhere; pointing `@std/assert` in deno.json and tsconfig.json at
 * `jsr:@std/assert` replaces this file.
 *
 * @module
 */

import assertModule from "node:assert";

/** A failed expectation. */
export class AssertionError extends assertModule.AssertionError {
  constructor(message: string) {
    super({ message });
    this.name = "AssertionError";
  }
}

/** Throws unless the expression is truthy. */
export function assert(
  expression: unknown,
  message = "expected a truthy value",
): asserts expression {
  if (!expression) throw new AssertionError(message);
}

/** Throws unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  assertModule.deepStrictEqual(actual, expected, message);
}

/** Throws if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  assertModule.notDeepStrictEqual(actual, expected, message);
}

/** Throws unless both are the same value (`Object.is`). */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  assertModule.strictEqual(actual, expected, message);
}

/** Throws unless both numbers differ by at most `tolerance`. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance = 1e-7,
  message?: string,
): void {
  if (Object.is(actual, expected) || Math.abs(actual - expected) <= tolerance) return;
  throw new AssertionError(message ?? `${actual} is not within ${tolerance} of ${expected}`);
}

/** Throws unless the value is neither null nor undefined. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  assert(actual !== undefined && actual !== null, message ?? `expected a value, got ${actual}`);
}

/** Throws unless the value is an instance of the class. */
export function assertInstanceOf<T>(
  actual: unknown,
  // deno-lint-ignore no-explicit-any -- a constructor takes whatever it takes
  type: abstract new (...args: any[]) => T,
  message?: string,
): asserts actual is T {
  if (actual instanceof type) return;
  throw new AssertionError(message ?? `expected a ${type.name}, got ${String(actual)}`);
}

/** Throws unless the text matches. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  assertModule.match(actual, expected, message);
}

/** Throws unless the text contains the other. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    message ?? `expected ${JSON.stringify(actual)} to contain ${JSON.stringify(expected)}`,
  );
}

// deno-lint-ignore no-explicit-any -- a constructor takes whatever it takes
type ErrorClass<E extends Error> = new (...args: any[]) => E;

function checkError<E extends Error>(error: unknown, type: ErrorClass<E>, part: string): E {
  assertInstanceOf(error, type);
  assertStringIncludes(error.message, part);
  return error;
}

/** Throws unless the function throws an error of this class whose message contains `part`. */
export function assertThrows<E extends Error = Error>(
  run: () => unknown,
  type: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  part = "",
): E {
  try {
    run();
  } catch (error) {
    return checkError(error, type, part);
  }
  throw new AssertionError(`expected ${type.name} to be thrown`);
}

/**
 * Throws unless the promise is rejected with an error of this class whose message contains `part`.
 */
export async function assertRejects<E extends Error = Error>(
  run: () => PromiseLike<unknown>,
  type: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  part = "",
): Promise<E> {
  try {
    await run();
  } catch (error) {
    return checkError(error, type, part);
  }
  throw new AssertionError(`expected ${type.name} to be thrown`);
}

/** Throws always. */
export function fail(message = "failed"): never {
  throw new AssertionError(message);
}
