/**
 * Lines of a text file of any size.
 *
 * @module
 */

import { FileReader } from "../../formats/file.ts";
import { invalidFile } from "../../formats/file_error.ts";

const chunkBytes = 1 << 18;
/** A longer line is more likely a file that has none. */
const longestLineBytes = 1 << 26;
const lineFeed = 10;

/** A line of a file. */
export interface Line {
  /** Its number, from 1. */
  readonly number: number;
  /** Its characters, with a carriage return but without the line feed at its end. */
  readonly text: string;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the lines of a UTF-8 file, a part of the file at a time. A byte order mark is left out; a
 * line feed at the end of the file starts no further line.
 *
 * @throws {QorusError} `not_found`, `io`, or `invalid_file` naming the line that is not UTF-8 or
 * has more than 64 MiB.
 */
export function* readLines(path: string): Generator<Line, void, undefined> {
  using file = FileReader.open(path);
  let rest: Uint8Array = new Uint8Array(0);
  let number = 1;
  for (let offset = 0; offset < file.size;) {
    const length = Math.min(Math.max(chunkBytes, rest.length), file.size - offset);
    const block = new Uint8Array(rest.length + length);
    block.set(rest);
    file.readInto(offset, block.subarray(rest.length), `line ${number}`);
    offset += length;
    const whole = block.lastIndexOf(lineFeed) + 1;
    if (block.length - whole > longestLineBytes) throw tooLong(path, number);
    const end = offset === file.size ? block.length : whole;
    rest = block.subarray(end);
    for (const text of linesOf(path, block.subarray(0, end), number)) {
      yield { number: number++, text };
    }
  }
}

/** Whole lines out of bytes; `number` is the first one's. */
function linesOf(path: string, bytes: Uint8Array, number: number): string[] {
  if (bytes.length === 0) return [];
  const isEnded = bytes[bytes.length - 1] === lineFeed;
  const whole = isEnded ? bytes.subarray(0, -1) : bytes;
  let text: string;
  try {
    text = decoder.decode(whole);
  } catch (cause) {
    throw invalidFile(path, `line ${number + wrongLine(whole)}`, "is not UTF-8", {
      hint: "Convert the file to UTF-8.",
      cause,
    });
  }
  if (number === 1 && text.startsWith("\ufeff")) text = text.slice(1);
  return text.split("\n");
}

/** Which line is not UTF-8, from 0. */
function wrongLine(bytes: Uint8Array): number {
  for (let line = 0, start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(lineFeed, start);
    const stop = end < 0 ? bytes.length : end;
    try {
      decoder.decode(bytes.subarray(start, stop));
    } catch {
      return line;
    }
    start = stop + 1;
  }
  return 0;
}

function tooLong(path: string, number: number): Error {
  return invalidFile(path, `line ${number}`, `has more than ${longestLineBytes} bytes`, {
    hint: "Is this a text file?",
  });
}
