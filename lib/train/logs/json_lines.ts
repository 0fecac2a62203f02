/**
 * A run's records as lines of JSON, one object each:
 *
 * ```json
 * {"kind":"train","step":1,"epoch":1,"seconds":0.25,"loss":4.17,"learning_rate":0.001}
 * ```
 *
 * JSON has no numbers that are not finite: they are the texts `"NaN"`, `"Infinity"` and
 * `"-Infinity"`, as in protobuf's JSON.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import { FileReader } from "../../formats/file.ts";
import { invalidFile, show } from "../../formats/file_error.ts";
import { decodeUtf8, parseJsonObject } from "../../formats/text.ts";
import { isCount } from "./log_file.ts";
import type { RunRecord } from "./run_log.ts";

const kinds: readonly unknown[] = ["train", "validation", "epoch"] satisfies RunRecord["kind"][];
const notFinite = new Map<unknown, number>([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

const chunkBytes = 1 << 20;
/** Most bytes of a line: a record has some ten numbers, not thousands. */
const longestLineBytes = 1 << 20;
const lineFeed = 10;

function isDuration(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}

function refuse(field: string, given: unknown, expected: string): never {
  throw new QorusError(
    "invalid_argument",
    `record: ${field}: ${JSON.stringify(given) ?? String(given)} is given, expected ${expected}`,
    { op: "RunLog.write", field, given, expected },
  );
}

/**
 * A record as a line of JSON, with the line feed.
 *
 * @throws {QorusError} `invalid_argument` for what {@linkcode decodeRecord} would refuse.
 */
export function encodeRecord({ kind, step, epoch, seconds, values }: RunRecord): string {
  if (!kinds.includes(kind)) refuse("kind", kind, `one of ${kinds.join(", ")}`);
  if (!isCount(step)) refuse("step", step, "a whole number of 0 or more");
  if (!isCount(epoch)) refuse("epoch", epoch, "a whole number of 0 or more");
  if (!isDuration(seconds)) refuse("seconds", seconds, "a number of 0 or more");
  const head = { kind, step, epoch, seconds };
  const numbers = Object.entries(values).map(([name, value]) => {
    if (Object.hasOwn(head, name)) refuse("values", name, "a name that records do not have yet");
    if (typeof value !== "number") refuse(name, value, "a number");
    return [name, Number.isFinite(value) ? value : String(value)];
  });
  return `${JSON.stringify({ ...head, ...Object.fromEntries(numbers) })}\n`;
}

/** A record out of a line of JSON; throws `invalid_file` naming file, line and field. */
export function decodeRecord(text: string, path: string, lineNumber: number): RunRecord {
  const at = `line ${lineNumber}`;
  const { kind, step, epoch, seconds, ...rest } = parseJsonObject(text, path, at);
  const wrong = (field: string, given: unknown, expected: string): never => {
    const problem = given === undefined ? `has no ${field}` : `${field} is wrong`;
    throw invalidFile(path, at, problem, { given, expected });
  };
  if (!kinds.includes(kind)) wrong("kind", kind, `one of ${kinds.join(", ")}`);
  if (!isCount(step)) return wrong("step", step, "a whole number of 0 or more");
  if (!isCount(epoch)) return wrong("epoch", epoch, "a whole number of 0 or more");
  if (!isDuration(seconds)) return wrong("seconds", seconds, "a number of 0 or more");
  const numbers = Object.entries(rest).map(([name, value]): [string, number] => {
    const number = typeof value === "number" ? value : notFinite.get(value);
    return [name, number ?? wrong(show(name), value, 'a number, "NaN" or "Infinity"')];
  });
  const values = Object.fromEntries(numbers);
  return { kind: kind as RunRecord["kind"], step, epoch, seconds, values };
}

/** One line of a log. */
export interface LogLine {
  /** Its bytes, with the line feed if it has one. */
  readonly bytes: Uint8Array;
  /** What it says; nothing for an empty line, and for a last one that was not written whole. */
  readonly record?: RunRecord;
}

function endsLine(bytes: Uint8Array): boolean {
  return bytes[bytes.length - 1] === lineFeed;
}

/** Lines of bytes with their line feeds, without reading the file whole. */
function* byteLines(file: FileReader): Generator<Uint8Array> {
  let rest = new Uint8Array(0);
  for (let offset = 0; offset < file.size; offset += chunkBytes) {
    const chunk = file.read(offset, Math.min(chunkBytes, file.size - offset), "lines");
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    let start = 0;
    let end = bytes.indexOf(lineFeed);
    while (end >= 0) {
      yield bytes.subarray(start, end + 1);
      start = end + 1;
      end = bytes.indexOf(lineFeed, start);
    }
    rest = bytes.slice(start);
    if (rest.length > longestLineBytes) break;
  }
  if (rest.length > 0) yield rest;
}

/**
 * The lines of a log. The last one may be cut: a process that was killed leaves half of a line.
 *
 * @throws {QorusError} `not_found`, `io`, or `invalid_file` naming the line.
 */
export function* readLogLines(path: string): Generator<LogLine> {
  using file = FileReader.open(path);
  let number = 0;
  for (const bytes of byteLines(file)) {
    number += 1;
    if (bytes.length > longestLineBytes) {
      const expected = `at most ${longestLineBytes} bytes`;
      throw invalidFile(path, `line ${number}`, "is too long for a record", { expected });
    }
    try {
      const text = decodeUtf8(bytes, path, `line ${number}`).trim();
      yield { bytes, record: text === "" ? undefined : decodeRecord(text, path, number) };
    } catch (error) {
      if (endsLine(bytes)) throw error;
      yield { bytes };
    }
  }
}

/**
 * Reads the records that a {@linkcode JsonLinesLog} wrote, also while the run goes on: a last line
 * that is not whole is left out.
 *
 * @throws {QorusError} `not_found`, `io`, or `invalid_file` naming file, line and field.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const losses = train.readRunLog("runs/a/run.jsonl")
 *   .filter(({ kind }) => kind === "validation")
 *   .map(({ values }) => values.loss);
 * ```
 */
export function readRunLog(path: string): RunRecord[] {
  const records: RunRecord[] = [];
  for (const { record } of readLogLines(path)) if (record !== undefined) records.push(record);
  return records;
}
