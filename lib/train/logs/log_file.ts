/**
 * Files that grow while a run goes on.
 *
 * @module
 */

import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { systemError } from "../../formats/file_error.ts";
import { QorusError } from "../../native/error.ts";

/** Bytes gather this long before they are written: fast steps share one system call. */
const gatherMilliseconds = 250;

/** A file that is open for appending. */
export class LogFile implements Disposable {
  /** Where it is. */
  readonly path: string;
  #descriptor: number;
  #pending: Uint8Array[] = [];
  #lastWrite = -Infinity;

  /**
   * Opens a file, and makes it where it is missing.
   *
   * @param mustBeNew whether a file that is there already is an error
   * @throws {QorusError} `io`, `not_found` where its folder is missing.
   */
  constructor(path: string, mustBeNew = false) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, mustBeNew ? "ax" : "a");
    } catch (error) {
      throw systemError(path, "open it for writing", error);
    }
  }

  /** Takes bytes, and writes what has gathered if it is time to; throws `io`. */
  append(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    if (performance.now() - this.#lastWrite >= gatherMilliseconds) this.#write();
  }

  /** Brings all bytes to the disk; throws `io`. */
  flush(): void {
    this.#write();
    try {
      fsyncSync(this.#descriptor);
    } catch (error) {
      throw systemError(this.path, "bring it to the disk", error);
    }
  }

  /** Writes what is left and closes the file. */
  [Symbol.dispose](): void {
    if (this.#descriptor < 0) return;
    try {
      this.#write();
    } finally {
      closeSync(this.#descriptor);
      this.#descriptor = -1;
    }
  }

  #write(): void {
    let rest = concatenate(this.#pending);
    this.#pending = [];
    this.#lastWrite = performance.now();
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#descriptor, rest));
    } catch (error) {
      throw systemError(this.path, "write it", error);
    }
  }
}

/** The file of a log that is open; throws `invalid_argument` where it is not. */
export function openFile(file: LogFile | undefined, log: string, path: string): LogFile {
  if (file !== undefined) return file;
  throw new QorusError("invalid_argument", `${path}: call open before write`, {
    op: `${log}.write`,
    path,
  });
}

/** A count of steps or epochs; 0 is the time before the first one. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * Throws `invalid_argument` unless a log's step is a count.
 *
 * @param op such as `JsonLinesLog.open`
 */
export function checkStep(step: number, op: string, path: string): void {
  if (isCount(step)) return;
  const expected = "a whole number of 0 or more";
  const message = `${path}: step ${step} is given, expected ${expected}`;
  throw new QorusError("invalid_argument", message, { op, field: "step", given: step, expected });
}

/** All parts in one piece of memory. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Makes a folder and those above it where they are missing; throws `io`. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw systemError(folder, "make this folder", error);
  }
}
