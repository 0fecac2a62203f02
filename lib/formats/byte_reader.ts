/**
 * Reads little-endian values one after the other out of a file.
 *
 * @module
 */

import type { FileReader } from "./file.ts";
import { invalidFile } from "./file_error.ts";
import { decodeUtf8 } from "./text.ts";

const windowBytes = 1 << 18;

/**
 * A position in a file that moves over the values it reads.
 *
 * It holds a window of the file, so that many small values cost few system calls.
 */
export class ByteReader {
  readonly #file: FileReader;
  #position: number;
  #window: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #windowStart = 0;

  /** Starts at `position` of the file. */
  constructor(file: FileReader, position = 0) {
    this.#file = file;
    this.#position = position;
  }

  /** Offset of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** Bytes between the position and the end of the file. */
  get remaining(): number {
    return this.#file.size - this.#position;
  }

  /** Moves over `length` bytes; returns where they start in the window. */
  #take(length: number, field: string): number {
    this.#file.check(this.#position, length, field);
    const start = this.#position - this.#windowStart;
    this.#position += length;
    if (start + length <= this.#window.byteLength) return start;
    this.#windowStart = this.#position - length;
    const wanted = Math.max(length, windowBytes);
    const available = Math.min(wanted, this.#file.size - this.#windowStart);
    this.#window = this.#file.read(this.#windowStart, available, field);
    this.#view = new DataView(this.#window.buffer);
    return 0;
  }

  /** Unsigned byte. */
  u8(field: string): number {
    const start = this.#take(1, field);
    return this.#view.getUint8(start);
  }

  /** Signed byte. */
  i8(field: string): number {
    const start = this.#take(1, field);
    return this.#view.getInt8(start);
  }

  /** Unsigned 16-bit integer. */
  u16(field: string): number {
    const start = this.#take(2, field);
    return this.#view.getUint16(start, true);
  }

  /** Signed 16-bit integer. */
  i16(field: string): number {
    const start = this.#take(2, field);
    return this.#view.getInt16(start, true);
  }

  /** Unsigned 32-bit integer. */
  u32(field: string): number {
    const start = this.#take(4, field);
    return this.#view.getUint32(start, true);
  }

  /** Signed 32-bit integer. */
  i32(field: string): number {
    const start = this.#take(4, field);
    return this.#view.getInt32(start, true);
  }

  /** 32-bit float. */
  f32(field: string): number {
    const start = this.#take(4, field);
    return this.#view.getFloat32(start, true);
  }

  /** 64-bit float. */
  f64(field: string): number {
    const start = this.#take(8, field);
    return this.#view.getFloat64(start, true);
  }

  /** Unsigned 64-bit integer. */
  u64(field: string): bigint {
    const start = this.#take(8, field);
    return this.#view.getBigUint64(start, true);
  }

  /** Signed 64-bit integer. */
  i64(field: string): bigint {
    const start = this.#take(8, field);
    return this.#view.getBigInt64(start, true);
  }

  /** Unsigned 64-bit integer that a double holds exactly; throws `invalid_file` beyond 2^53 - 1. */
  size(field: string): number {
    const value = this.u64(field);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw invalidFile(this.#file.path, field, "is too large", {
      given: value,
      expected: `at most ${Number.MAX_SAFE_INTEGER}`,
    });
  }

  /**
   * A count of things that take at least `leastBytes` each; throws `invalid_file` where that many
   * cannot be in the rest of the file, so that nobody makes room for them.
   */
  count(leastBytes: number, field: string): number {
    const value = this.size(field);
    const most = Math.floor(this.remaining / leastBytes);
    if (value <= most) return value;
    throw invalidFile(this.#file.path, field, "is more than the file has bytes for", {
      given: value,
      expected: `at most ${most}`,
      hint: "The file is truncated or damaged; copy or download it again.",
    });
  }

  /** Bytes in memory of their own. */
  bytes(length: number, field: string): Uint8Array {
    if (length > windowBytes) {
      const copy = this.#file.read(this.#position, length, field);
      this.#position += length;
      return copy;
    }
    const start = this.#take(length, field);
    return this.#window.slice(start, start + length);
  }

  /** UTF-8 text of `length` bytes; throws `invalid_file` where it is not UTF-8. */
  text(length: number, field: string): string {
    const start = this.#take(length, field);
    return decodeUtf8(this.#window.subarray(start, start + length), this.#file.path, field);
  }
}
