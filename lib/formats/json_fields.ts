/**
 * Typed access to the members of a JSON object out of a file.
 *
 * @module
 */

import { invalidFile } from "./file_error.ts";
import { isObject } from "./text.ts";
import type { JsonObject } from "./text.ts";

/**
 * A JSON object whose members are checked as they are read.
 *
 * Every method throws `invalid_file` naming file and member where the value has another type;
 * `null` counts as absent, as Hugging Face's files use it.
 */
export class JsonFields {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #prefix: string;

  /** Wraps an object of the file `path`; `prefix` goes before member names in messages. */
  constructor(object: JsonObject, path: string, prefix = "") {
    this.#object = object;
    this.#path = path;
    this.#prefix = prefix;
  }

  /** Whether the member is there and not null. */
  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** The member as it is; undefined where it is absent or null. */
  raw(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? this.#object[name] ?? undefined : undefined;
  }

  /** Name of a member as messages show it. */
  field(name: string): string {
    return this.#prefix === "" ? name : `${this.#prefix}.${name}`;
  }

  #value<T>(name: string, type: string, accepts: (value: unknown) => value is T, absent?: T): T {
    const value = this.raw(name) ?? absent;
    if (accepts(value)) return value;
    throw invalidFile(
      this.#path,
      this.field(name),
      value === undefined ? "is missing" : "has another type",
      { given: value, expected: type },
    );
  }

  /** A finite number. */
  number(name: string, absent?: number): number {
    const accepts = (value: unknown): value is number =>
      typeof value === "number" && Number.isFinite(value);
    return this.#value(name, "a number", accepts, absent);
  }

  /** A whole number that a double holds exactly. */
  integer(name: string, absent?: number): number {
    const accepts = (value: unknown): value is number => Number.isSafeInteger(value);
    return this.#value(name, "a whole number", accepts, absent);
  }

  /** True or false. */
  boolean(name: string, absent?: boolean): boolean {
    const accepts = (value: unknown): value is boolean => typeof value === "boolean";
    return this.#value(name, "true or false", accepts, absent);
  }

  /** A text. */
  string(name: string, absent?: string): string {
    const accepts = (value: unknown): value is string => typeof value === "string";
    return this.#value(name, "a text", accepts, absent);
  }

  /** An object; undefined where it is absent. */
  object(name: string): JsonFields | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const object = this.#value(name, "an object", isObject);
    return new JsonFields(object, this.#path, this.field(name));
  }

  /** The members of an object of texts; empty where it is missing. */
  strings(name: string): Readonly<Record<string, string>> {
    const fields = this.object(name);
    if (fields === undefined) return {};
    return Object.fromEntries(Object.keys(fields.#object).map((key) => [key, fields.string(key)]));
  }

  /** An array of finite numbers. */
  numbers(name: string): readonly number[] {
    const accepts = (value: unknown): value is number[] =>
      Array.isArray(value) && value.every((item) => Number.isFinite(item));
    return this.#value(name, "an array of numbers", accepts);
  }

  /** Token ids: one whole number or an array of them; empty where absent. */
  tokens(name: string): readonly number[] {
    const value = this.raw(name);
    const list = value === undefined ? [] : Array.isArray(value) ? value : [value];
    if (list.every((id) => Number.isSafeInteger(id) && id >= 0)) return list;
    throw invalidFile(this.#path, this.field(name), "is not a list of token ids", { given: value });
  }
}
