/**
 * Reads files with a JSON value on each line.
 *
 * Reference: https://jsonlines.org
 *
 * @module
 */

import { invalidFile } from "../../formats/file_error.ts";
import { isObject } from "../../formats/text.ts";
import type { Json } from "../checkpoint/state.ts";
import { FileRow, invalidPart } from "./file_row.ts";
import { readLines } from "./lines.ts";

/** A line of a JSONL file. */
export class JsonRow extends FileRow {
  /** What the line holds: mostly an object. */
  readonly value: Json;

  /** Rows are made by `readJsonLines`. */
  constructor(path: string, line: number, value: Json) {
    super(path, line);
    this.value = value;
  }

  /**
   * A member that is text.
   *
   * @throws {QorusError} `invalid_file` when it is missing or something else.
   */
  text(name: string): string {
    const value = this.#member(name);
    if (typeof value === "string") return value;
    throw invalidPart(this, name, "is no text", { given: value });
  }

  /**
   * A member that is a number.
   *
   * @throws {QorusError} `invalid_file` when it is missing or something else.
   */
  number(name: string): number {
    const value = this.#member(name);
    if (isNumber(value)) return value;
    throw invalidPart(this, name, "is no number", { given: value });
  }

  /**
   * A member that is a list of numbers.
   *
   * @throws {QorusError} `invalid_file` when it is missing or something else.
   */
  numbers(name: string): readonly number[] {
    const value = this.#member(name);
    if (Array.isArray(value) && value.every(isNumber)) return value;
    throw invalidPart(this, name, "is no list of numbers", { given: value });
  }

  #member(name: string): unknown {
    if (isObject(this.value) && Object.hasOwn(this.value, name)) return this.value[name];
    throw invalidPart(this, name, "there is no such member", {
      expected: isObject(this.value) ? Object.keys(this.value) : "an object",
    });
  }
}

/** JSON has numbers such as 1e999 that no double has. */
function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * The lines of a JSONL file in UTF-8. Each walk opens the file anew and reads it part by part;
 * lines of white space are skipped.
 *
 * Errors name file and line: `invalid_file` where a line is not JSON.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * for (const row of train.readJsonLines("reviews.jsonl")) {
 *   console.log(row.line, row.text("review"), row.number("stars"));
 * }
 * ```
 */
export function readJsonLines(path: string): Iterable<JsonRow> {
  return { [Symbol.iterator]: () => rowsOf(path) };
}

function* rowsOf(path: string): Generator<JsonRow, void, undefined> {
  for (const { number, text } of readLines(path)) {
    if (text.trim() !== "") yield new JsonRow(path, number, parse(path, number, text));
  }
}

function parse(path: string, number: number, text: string): Json {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidFile(path, `line ${number}`, "is not JSON", {
      given: reason,
      cause,
    });
  }
}
