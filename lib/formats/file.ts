/**
 * Random access to files of any size, without reading them whole.
 *
 * @module
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { invalidFile, systemError } from "./file_error.ts";
import { QorusError } from "../native/error.ts";

/** Most bytes that one system call is asked for; Linux and macOS stop near 2 GiB. */
const largestRead = 1 << 30;

/**
 * A file that is open for reading at any position.
 *
 * @example
 * ```ts
 * using file = FileReader.open("model.gguf");
 * const magic = file.read(0, 4, "magic");
 * ```
 */
export class FileReader implements Disposable {
  /** The path that was opened. */
  readonly path: string;
  /** Size when it was opened, in bytes. */
  readonly size: number;
  #descriptor: number;

  private constructor(path: string, size: number, descriptor: number) {
    this.path = path;
    this.size = size;
    this.#descriptor = descriptor;
  }

  /** Opens a file; throws `not_found`, or `io` where it is a folder or cannot be read. */
  static open(path: string): FileReader {
    let descriptor: number;
    try {
      descriptor = openSync(path, "r");
    } catch (error) {
      throw systemError(path, "open it", error);
    }
    try {
      const status = fstatSync(descriptor);
      if (!status.isFile()) {
        throw new QorusError("io", `${path}: is not a regular file`, { path });
      }
      return new FileReader(path, status.size, descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw systemError(path, "read its size", error);
    }
  }

  /**
   * Reads `length` bytes from `offset` into new memory.
   *
   * Throws `invalid_file` naming `field` where they are not all inside of the file.
   */
  read(offset: number, length: number, field: string): Uint8Array {
    this.check(offset, length, field);
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(length);
    } catch (cause) {
      throw new QorusError(
        "out_of_memory",
        `${this.path}: ${field}: no memory for ${length} bytes`,
        {
          path: this.path,
          field,
          given: length,
          cause,
        },
      );
    }
    this.readInto(offset, bytes, field);
    return bytes;
  }

  /** Fills `target` with the bytes from `offset`; throws as {@linkcode FileReader.read} does. */
  readInto(offset: number, target: Uint8Array, field: string): void {
    this.check(offset, target.byteLength, field);
    let done = 0;
    while (done < target.byteLength) {
      const wanted = Math.min(target.byteLength - done, largestRead);
      let count: number;
      try {
        count = readSync(this.#descriptor, target, done, wanted, offset + done);
      } catch (error) {
        throw systemError(this.path, `read ${field}`, error);
      }
      if (count === 0) {
        throw new QorusError("io", `${this.path}: ${field}: the file became shorter while read`, {
          path: this.path,
          field,
          given: offset + done,
          expected: this.size,
        });
      }
      done += count;
    }
  }

  /** Throws `invalid_file` unless the range is inside of the file. */
  check(offset: number, length: number, field: string): void {
    if (
      Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 &&
      offset <= this.size && length <= this.size - offset
    ) return;
    throw invalidFile(this.path, field, "lies outside of the file", {
      given: `bytes ${offset} to ${offset + length}`,
      expected: `at most ${this.size} bytes`,
      hint: "The file is truncated or damaged; copy or download it again.",
    });
  }

  /** Gives the file back to the system; a second call does nothing. */
  close(): void {
    if (this.#descriptor < 0) return;
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    try {
      closeSync(descriptor);
    } catch (error) {
      throw systemError(this.path, "close it", error);
    }
  }

  /** The same as {@linkcode FileReader.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
