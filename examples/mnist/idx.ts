/**
 * Reads IDX files, the format of MNIST and Fashion-MNIST, gzipped or not.
 *
 * Big-endian: two zero bytes, the element type (8: bytes), the number of dimensions, the sizes as
 * u32, then the elements row by row.
 *
 * Reference: http://yann.lecun.com/exdb/mnist/
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { QorusError } from "@qorus/qorus";

/** An array of bytes. */
export interface IdxArray {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

/** Most bytes that a file may unpack to. */
const mostBytes = 2 ** 30;

/**
 * Reads a file whose array has so many dimensions.
 *
 * @throws {QorusError} `not_found`, `io`, or `invalid_file` when the bytes do not follow the format.
 */
export function readIdx(path: string, dimensionCount: number): IdxArray {
  const bytes = unpack(path, read(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = 4 + 4 * dimensionCount;
  if (bytes.byteLength < headerBytes) {
    throw invalid(path, `the header takes ${headerBytes} bytes, the file has ${bytes.byteLength}`);
  }
  const magic = 0x0800 + dimensionCount;
  if (view.getUint32(0) !== magic) {
    throw invalid(path, `the first number is ${view.getUint32(0)}, expected ${magic}`);
  }
  const shape = Array.from({ length: dimensionCount }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = shape.reduce((product, size) => product * size, 1);
  if (bytes.byteLength !== headerBytes + expected) {
    throw invalid(
      path,
      `[${shape}] takes ${expected} bytes, the file has ${bytes.byteLength - headerBytes}: ` +
        "download it again",
    );
  }
  return { shape, values: bytes.subarray(headerBytes) };
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const isMissing = (cause as { code?: string }).code === "ENOENT";
    const problem = isMissing ? "there is no such file" : (cause as Error).message;
    throw new QorusError(isMissing ? "not_found" : "io", `${path}: ${problem}`, { path, cause });
  }
}

function unpack(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (cause) {
    throw invalid(path, `cannot be unpacked (${(cause as Error).message}): download it again`);
  }
}

function invalid(path: string, problem: string): QorusError {
  return new QorusError("invalid_file", `${path}: ${problem}`, { path });
}
