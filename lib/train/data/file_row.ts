/**
 * What rows of CSV and of JSON files have in common.
 *
 * @module
 */

import { type FileErrorDetails, invalidFile } from "../../formats/file_error.ts";
import type { QorusError } from "../../native/error.ts";

/** A row of a file, which knows where it stands. */
export abstract class FileRow {
  /** The file. */
  readonly path: string;
  /** The line, from 1, that the row begins on. */
  readonly line: number;

  /** Takes where a row stands. */
  constructor(path: string, line: number) {
    this.path = path;
    this.line = line;
  }

  /** File and line, as messages name them. */
  get place(): string {
    return `${this.path}: line ${this.line}`;
  }
}

/** The error for a part of a row, a column or a member, that is not what it should be. */
export function invalidPart(
  row: FileRow,
  name: string | number,
  problem: string,
  details: FileErrorDetails = {},
): QorusError {
  return invalidFile(row.path, `line ${row.line}: ${name}`, problem, details);
}
