/**
 * A run's records in a file of JSON lines.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { AtomicFile } from "../../formats/atomic_file.ts";
import { encodeRecord, type LogLine, readLogLines } from "./json_lines.ts";
import { checkStep, LogFile, makeFolder, openFile } from "./log_file.ts";
import type { RunLog, RunRecord } from "./run_log.ts";

const encoder = new TextEncoder();

/**
 * Writes the records of a run to a file, one JSON object per line; {@linkcode readRunLog} and
 * `qorus plot` read it, also while the run goes on.
 *
 * Numbers that are not finite are the texts `"NaN"`, `"Infinity"` and `"-Infinity"`. A process that
 * is killed loses the records of its last quarter of a second, unless it flushed.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * using log = new train.JsonLinesLog("runs/a/run.jsonl");
 * log.open(0);
 * log.write({ kind: "train", step: 1, epoch: 1, seconds: 0.2, values: { loss: 4.17 } });
 * ```
 */
export class JsonLinesLog implements RunLog {
  /** The file. */
  readonly path: string;
  #file: LogFile | undefined;

  /** A log in a file, which is touched when it is opened. */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens the file for appending, and makes it and its folder where they are missing. Records of
   * steps after `step` are removed, as is half a line that a killed process left at the end: the
   * file is replaced as a whole, so that a crash here loses nothing.
   *
   * @throws {QorusError} `io`, or `invalid_file` naming the line where the file is no log: name
   * another file, or move that one away.
   */
  open(step: number): void {
    this[Symbol.dispose]();
    checkStep(step, "JsonLinesLog.open", this.path);
    makeFolder(dirname(this.path));
    if (existsSync(this.path)) keepUntil(this.path, step);
    this.#file = new LogFile(this.path);
  }

  /**
   * Takes a record.
   *
   * @throws {QorusError} `invalid_argument` for a record that a line cannot hold or a log that is
   * not open, `io` where the system refuses to write.
   */
  write(record: RunRecord): void {
    openFile(this.#file, "JsonLinesLog", this.path).append(encoder.encode(encodeRecord(record)));
  }

  /** Brings all records to the disk; throws `io`. */
  flush(): void {
    this.#file?.flush();
  }

  /** Writes what is left and closes the file. */
  [Symbol.dispose](): void {
    const file = this.#file;
    this.#file = undefined;
    file?.[Symbol.dispose]();
  }
}

/** Rewrites a log without the records after `step`, if there is anything to leave out. */
function keepUntil(path: string, step: number): void {
  const isKept = ({ record }: LogLine) => record !== undefined && record.step <= step;
  const isWhole = ({ bytes }: LogLine) => bytes[bytes.length - 1] === 10;
  let clean = true;
  for (const line of readLogLines(path)) clean = clean && isKept(line) && isWhole(line);
  if (clean) return;
  using file = AtomicFile.create(path);
  for (const line of readLogLines(path)) {
    if (!isKept(line)) continue;
    file.write(line.bytes);
    if (!isWhole(line)) file.write(encoder.encode("\n"));
  }
  file.commit();
}
