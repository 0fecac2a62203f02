/**
 * UTF-8 and JSON out of files that nobody vouches for.
 *
 * @module
 */

import { FileReader } from "./file.ts";
import { invalidFile } from "./file_error.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of UTF-8 bytes; throws `invalid_file` naming the field where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, path: string, field: string): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw invalidFile(path, field, "is not UTF-8", {
      given: Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")),
      cause,
    });
  }
}

/** An object of JSON whose members are not checked yet. */
export type JsonObject = { readonly [name: string]: unknown };

/** Whether a JSON value is an object (neither an array nor null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses text that must be one JSON object; throws `invalid_file`. */
export function parseJsonObject(text: string, path: string, field: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidFile(path, field, `is not JSON (${reason.slice(0, 200)})`, { cause });
  }
  if (!isObject(value)) {
    throw invalidFile(path, field, "is not a JSON object", { given: value });
  }
  return value;
}

/** Index of the quotation mark that ends the JSON string starting at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === "\\") i += 1;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

/** Index of the first character from `start` that is no JSON white space. */
function skipSpace(text: string, start: number): number {
  let i = start;
  while (text[i] === " " || text[i] === "\t" || text[i] === "\r" || text[i] === "\n") i += 1;
  return i;
}

/**
 * A member name that occurs twice in one object of a valid JSON text, at `depth` levels down.
 *
 * `JSON.parse` keeps the last of two silently; a file that says two things is an error.
 */
export function findDuplicateName(text: string, depth: number): string | undefined {
  let names = new Set<string>();
  let level = 0;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (character === "{" || character === "[") {
      level += 1;
      if (level === depth) names = new Set();
    } else if (character === "}" || character === "]") {
      level -= 1;
    } else if (character === '"') {
      const end = endOfString(text, i);
      if (level === depth && text[skipSpace(text, end + 1)] === ":") {
        const name = JSON.parse(text.slice(i, end + 1)) as string;
        if (names.has(name)) return name;
        names.add(name);
      }
      i = end;
    }
  }
  return undefined;
}

/** Text of a file of at most `mostBytes`; throws `invalid_file` where it is larger or not UTF-8. */
export function readTextFile(path: string, mostBytes: number): string {
  using file = FileReader.open(path);
  if (file.size > mostBytes) {
    throw invalidFile(path, "size", "is too large", {
      given: file.size,
      expected: `at most ${mostBytes} bytes`,
    });
  }
  return decodeUtf8(file.read(0, file.size, "text"), path, "text");
}
