/**
 * What the command line prints: data to stdout, everything else to stderr.
 *
 * @module
 */

import { writeText } from "../core/write_text.ts";
import { QorusError } from "../native/error.ts";

/** Whoever read the output has gone: the command line ends quietly. */
export class ReaderGone extends QorusError {
  /** Made when the system refuses to write. */
  constructor(cause: unknown) {
    super("io", "the reader of the output has gone", { cause });
  }
}

/** Writes all of a text to a descriptor. */
function write(descriptor: number, text: string): void {
  try {
    writeText(descriptor, text);
  } catch (error) {
    if ((error as { code?: unknown }).code === "EPIPE") throw new ReaderGone(error);
    throw error;
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
