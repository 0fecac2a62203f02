/**
 * JSON that keeps every number as it is.
 *
 * JSON has no NaN and no infinities, and `JSON.stringify` writes -0 as 0. These four are written as
 * an object with the member `$number`; all other numbers come back to the bit as they are.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import type { Json } from "./state.ts";

const numberMember = "$number";

/** Deeper values are refused, so that no file can exhaust the stack. */
const mostLevels = 64;

const unwritable: ReadonlyMap<string, number> = new Map([
  ["-0", -0],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/**
 * The text of a value; members that are undefined are left out.
 *
 * @param field what the value is, for messages
 * @throws {QorusError} `invalid_argument` for what JSON cannot hold: functions, typed arrays, maps
 * and other classes, bigints, undefined in a list, circles.
 */
export function exactStringify(value: unknown, field: string): string {
  return JSON.stringify(encode(value, field, 0));
}

function encode(value: unknown, field: string, level: number): Json {
  if (level > mostLevels) {
    throw refusal(field, `more than ${mostLevels} levels of lists and objects`);
  }
  if (typeof value === "number") {
    for (const [text, number] of unwritable) {
      if (Object.is(value, number)) return { [numberMember]: text };
    }
    return value;
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value)) {
    return value.map((item, i) => encode(item, `${field}[${i}]`, level + 1));
  }
  if (!isPlainObject(value)) throw refusal(field, nameOf(value));
  if (numberMember in value) throw refusal(field, `an object with a member ${numberMember}`);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.map(([name, member]) => [name, encode(member, `${field}.${name}`, level + 1)]),
  );
}

/**
 * The value of a text that `exactStringify` made.
 *
 * @throws {SyntaxError} where the text is not of that kind.
 */
export function exactParse(text: string): Json {
  return decode(JSON.parse(text), 0);
}

function decode(value: Json, level: number): Json {
  if (level > mostLevels) throw new SyntaxError(`more than ${mostLevels} levels`);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => decode(item, level + 1));
  if (Object.hasOwn(value, numberMember)) return numberOf(value as Record<string, Json>);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, decode(member, level + 1)]),
  );
}

function numberOf(object: Readonly<Record<string, Json>>): number {
  const text = object[numberMember];
  const number = typeof text === "string" ? unwritable.get(text) : undefined;
  if (number !== undefined && Object.keys(object).length === 1) return number;
  throw new SyntaxError(`a member ${numberMember} that stands for no number`);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name}`;
  return typeof value === "undefined" ? "undefined" : `a ${typeof value}`;
}

function refusal(field: string, given: string): QorusError {
  return new QorusError(
    "invalid_argument",
    `saveCheckpoint: ${field}: is ${given}, expected what JSON can hold: numbers, texts, true, ` +
      "false, null, and lists and objects of these",
    { op: "saveCheckpoint", field, given },
  );
}
