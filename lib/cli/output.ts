/**
 * What the command line prints: data to stdout, everything else to stderr.
 *
 * @module
 */

import { writeSync } from "node:fs";
import { QorusError } from "../native/error.ts";

/** Whoever read the output has gone: the command line ends quietly. */
export class ReaderGone extends QorusError {
  /** Made when the system refuses to write. */
  constructor(cause: unknown) {
    super("io", "the reader of the output has gone", { cause });
  }
}

const encoder = new TextEncoder();
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of a text to a descriptor; writing at once keeps text in order and lets no one wait. */
function write(descriptor: number, text: string): void {
  let rest = encoder.encode(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === "EPIPE") throw new ReaderGone(error);
      if (code !== "EAGAIN") throw error;
      // A pipe that another process has set not to block is full: wait for its reader.
      Atomics.wait(sleeper, 0, 0, 2);
    }
  }
}

/** Writes data. */
export function writeData(text: string): void {
  write(1, text);
}

/** Writes a line of data. */
export function printData(line: string): void {
  writeData(`${line}\n`);
}

/** Writes what is no data: progress, statistics, errors. */
export function writeMessage(text: string): void {
  write(2, text);
}

/** Writes a line that is no data. */
export function printMessage(line: string): void {
  writeMessage(`${line}\n`);
}
