/**
 * Writes files that appear under their name whole or not at all.
 *
 * @module
 */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { systemError } from "./file_error.ts";
import { QorusError } from "../native/error.ts";

/**
 * Files are written in pieces of this many bytes, at multiples of it: systems with huge pages then
 * cache a file in such pages, and map them as they are.
 */
const pieceBytes = 1 << 21;

let temporaryCount = 0;

/** A name beside `path` for what is not finished yet. */
export function temporaryPath(path: string): string {
  const target = resolve(path);
  temporaryCount += 1;
  const suffix = `${process.pid}-${temporaryCount}-${Math.random().toString(36).slice(2, 8)}`;
  return join(dirname(target), `.${basename(target)}.${suffix}.partial`);
}

/** Brings a folder's names to the disk, where system and permissions let folders be opened. */
function syncFolder(folder: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(folder, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === "EIO") {
      throw systemError(folder, "bring its names to the disk", error);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Throws `aborted` where the signal says so. */
export function throwIfAborted(signal: AbortSignal | undefined, path: string): void {
  if (!signal?.aborted) return;
  throw new QorusError("aborted", `${path}: writing was interrupted; nothing was left there`, {
    path,
    cause: signal.reason,
  });
}

/**
 * A file being written beside its final name.
 *
 * {@linkcode AtomicFile.commit} puts it there; disposing it before that removes every trace.
 *
 * @example
 * ```ts
 * using file = AtomicFile.create("model.qorus");
 * file.write(bytes);
 * file.commit();
 * ```
 */
export class AtomicFile implements Disposable {
  /** Where the file will be. */
  readonly path: string;
  readonly #temporary: string;
  #descriptor: number;
  #position = 0;
  /** The latest bytes, from the last multiple of their length on: not in the file yet. */
  #piece = new Uint8Array(0);

  private constructor(path: string, temporary: string, descriptor: number) {
    this.path = path;
    this.#temporary = temporary;
    this.#descriptor = descriptor;
  }

  /** Makes the temporary file; throws `not_found` where the folder is missing, or `io`. */
  static create(path: string): AtomicFile {
    const temporary = temporaryPath(path);
    try {
      return new AtomicFile(path, temporary, openSync(temporary, "wx"));
    } catch (error) {
      throw systemError(path, "create it", error);
    }
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#position;
  }

  /** Appends bytes, some of which reach the file with later ones; throws `io`. */
  write(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.byteLength) {
      const start = this.#position % pieceBytes;
      const part = bytes.subarray(done, done + pieceBytes - start);
      if (part.byteLength === pieceBytes) {
        this.#writeAt(this.#position, part);
      } else {
        if (this.#piece.byteLength === 0) this.#piece = new Uint8Array(pieceBytes);
        this.#piece.set(part, start);
        if (start + part.byteLength === pieceBytes) {
          this.#writeAt(this.#position - start, this.#piece);
        }
      }
      done += part.byteLength;
      this.#position += part.byteLength;
    }
  }

  #writeAt(position: number, bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.byteLength;) {
        const length = bytes.byteLength - done;
        done += writeSync(this.#descriptor, bytes, done, length, position + done);
      }
    } catch (error) {
      throw systemError(this.path, "write it", error);
    }
  }

  /** Appends zeros until `offset`. */
  padTo(offset: number): void {
    if (offset < this.#position) {
      throw new QorusError("internal", `${this.path}: byte ${offset} is already written`, {
        path: this.path,
        given: offset,
        expected: this.#position,
      });
    }
    this.write(new Uint8Array(offset - this.#position));
  }

  /**
   * Brings the bytes to the disk and gives the file its name, replacing what was there; then brings
   * the name to the disk, on systems where a folder can be synchronized.
   */
  commit(): void {
    const start = this.#position % pieceBytes;
    this.#writeAt(this.#position - start, this.#piece.subarray(0, start));
    try {
      fsyncSync(this.#descriptor);
      closeSync(this.#descriptor);
      this.#descriptor = -1;
      renameSync(this.#temporary, this.path);
    } catch (error) {
      this.#remove();
      throw systemError(this.path, "finish it", error);
    }
    syncFolder(dirname(resolve(this.path)));
  }

  /** Removes the temporary file unless it was committed. */
  [Symbol.dispose](): void {
    if (this.#descriptor >= 0) this.#remove();
  }

  #remove(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
    rmSync(this.#temporary, { force: true });
  }
}
