/**
 * A run's records in a file of JSON lines.
 *
 * @module
 */

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { AtomicFile } from "../../formats/atomic_file.ts";
import { systemError } from "../../formats/file_error.ts";
import { QorusError } from "../../native/error.ts";
import { encodeRecord, isCount, type LogLine, readLogLines } from "./json_lines.ts";
import type { RunLog, RunRecord } from "./run_log.ts";

/** Records gather this long before they are written: fast steps share one system call. */
const gatherMilliseconds = 250;

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
  #descriptor = -1;
  #pending = "";
  #lastWrite = -Infinity;

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
    this.#close();
    if (!isCount(step)) {
      throw new QorusError("invalid_argument", `${this.path}: open after ${step} steps`, {
        op: "JsonLinesLog.open",
        given: step,
        expected: "a whole number of 0 or more",
      });
    }
    const { path } = this;
    try {
      mkdirSync(dirname(path), { recursive: true });
    } catch (error) {
      throw systemError(path, "make its folder", error);
    }
    if (existsSync(path)) keepUntil(path, step);
    try {
      this.#descriptor = openSync(path, "a");
    } catch (error) {
      throw systemError(path, "open it for writing", error);
    }
  }

  /**
   * Takes a record.
   *
   * @throws {QorusError} `invalid_argument` for a record that a line cannot hold or a log that is
   * not open, `io` where the system refuses to write.
   */
  write(record: RunRecord): void {
    if (this.#descriptor < 0) {
      throw new QorusError("invalid_argument", `${this.path}: call open before write`, {
        op: "JsonLinesLog.write",
        path: this.path,
      });
    }
    this.#pending += encodeRecord(record);
    if (performance.now() - this.#lastWrite >= gatherMilliseconds) this.#writePending();
  }

  /** Brings all records to the disk; throws `io`. */
  flush(): void {
    if (this.#descriptor < 0) return;
    this.#writePending();
    try {
      fsyncSync(this.#descriptor);
    } catch (error) {
      throw systemError(this.path, "bring it to the disk", error);
    }
  }

  /** Writes what is left and closes the file. */
  [Symbol.dispose](): void {
    this.#close();
  }

  #writePending(): void {
    let rest = encoder.encode(this.#pending);
    this.#pending = "";
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#descriptor, rest));
    } catch (error) {
      throw systemError(this.path, "write it", error);
    }
    this.#lastWrite = performance.now();
  }

  #close(): void {
    if (this.#descriptor < 0) return;
    try {
      this.#writePending();
    } finally {
      closeSync(this.#descriptor);
      this.#descriptor = -1;
      this.#lastWrite = -Infinity;
    }
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
