/**
 * Fields of JSON files, checked.
 *
 * @module
 */

import { decodeText, invalidFile } from "./file_errors.ts";

/** A JSON object whose fields are not checked yet. */
export type JsonObject = { readonly [key: string]: unknown };

/** Reads fields of one JSON file and throws QorusError `invalid_file` where they are wrong. */
export class JsonFields {
  /** The file, for messages. */
  readonly path: string;

  /** Fields of the file at `path`. */
  constructor(path: string) {
    this.path = path;
  }

  /** The object that a file holds. */
  parse(bytes: Uint8Array): JsonObject {
    const text = decodeText(bytes, this.path, "the file").replace(/^\ufeff/, "");
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      const given = error instanceof Error ? error.message : String(error);
      throw invalidFile(this.path, "the file", given, "JSON");
    }
    return this.object(value, "the file");
  }

  /** An object. */
  object(value: unknown, field: string): JsonObject {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as JsonObject;
    }
    throw invalidFile(this.path, field, this.#kind(value), "an object");
  }

  /** An object, or `undefined` where the field is missing or null. */
  optionalObject(value: unknown, field: string): JsonObject | undefined {
    return value === undefined || value === null ? undefined : this.object(value, field);
  }

  /** An array. */
  array(value: unknown, field: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw invalidFile(this.path, field, this.#kind(value), "an array");
  }

  /** A string without lone surrogates, which no UTF-8 file can hold. */
  string(value: unknown, field: string): string {
    if (typeof value !== "string") {
      throw invalidFile(this.path, field, this.#kind(value), "a string");
    }
    if (/\p{Cs}/u.test(value)) {
      throw invalidFile(this.path, field, value, "text of whole characters");
    }
    return value;
  }

  /** A boolean; `fallback` where the field is missing or null. */
  boolean(value: unknown, field: string, fallback: boolean): boolean {
    if (value === undefined || value === null) return fallback;
    if (typeof value === "boolean") return value;
    throw invalidFile(this.path, field, this.#kind(value), "true or false");
  }

  /** An id of a token. */
  id(value: unknown, field: string, limit: number): number {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < limit) {
      return value;
    }
    throw invalidFile(this.path, field, value, `a whole number below ${limit}`);
  }

  #kind(value: unknown): unknown {
    return typeof value === "object" && value !== null
      ? (Array.isArray(value) ? "an array" : "an object")
      : value;
  }
}
