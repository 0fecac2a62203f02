/**
 * Errors about files, and the first checks of everything that is read from one.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { QorusError } from "../native/error.ts";

/** Most ids, and most merges, that a tokenizer may have: ranks must fit beside positions (2^53). */
export const largestVocabulary = 2 ** 21 - 1;

/** A short spelling of a value for a message. */
function spell(value: unknown): string {
  if (value === undefined) return "missing";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The error for a file whose field is not what the format allows. */
export function invalidFile(
  path: string,
  field: string,
  given: unknown,
  expected: string,
): QorusError {
  return new QorusError(
    "invalid_file",
    `${path}: ${field} is ${spell(given)}, expected ${expected}`,
    { path, field, given, expected },
  );
}

/** The error for a valid file that needs something that Qorus does not have. */
export function unsupported(
  path: string,
  field: string,
  given: unknown,
  expected: string,
): QorusError {
  return new QorusError(
    "unsupported",
    `${path}: ${field} is ${spell(given)}, which Qorus does not support; expected ${expected}`,
    { path, field, given, expected },
  );
}

/** All bytes of a file. */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const missing = (cause as { code?: string }).code === "ENOENT";
    throw new QorusError(
      missing ? "not_found" : "io",
      missing
        ? `${path}: there is no such file, expected a tokenizer file`
        : `${path}: cannot be read: ${cause instanceof Error ? cause.message : cause}`,
      { path, cause },
    );
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether the bytes are UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictUtf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Text of bytes that must be UTF-8. */
export function decodeText(bytes: Uint8Array, path: string, field: string): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw invalidFile(path, field, "not UTF-8", "UTF-8 text");
  }
}
