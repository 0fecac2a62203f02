/**
 * Reads IDX files, the format of MNIST and Fashion-MNIST, gzipped or not.
 *
 * Big-endian: two zero bytes, the element type, the number of dimensions, the sizes as u32, then
 * the elements row by row.
 *
 * Reference: http://yann.lecun.com/exdb/mnist/
 *
 * @module
 */

import { gunzipSync } from "node:zlib";
import { FileReader } from "../../formats/file.ts";
import { invalidFile, unsupportedFile } from "../../formats/file_error.ts";

/** An array of bytes. */
export interface IdxArray {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** The elements, row by row. */
  readonly values: Uint8Array;
}

/** Most bytes that a file may unpack to. */
const mostBytes = 2 ** 30;

const byteType = 8;
const otherTypes = new Map([[9, "i8"], [11, "i16"], [12, "i32"], [13, "f32"], [14, "f64"]]);
const hint = "Download the file again.";

/**
 * Reads a file of bytes (u8), as images and labels are.
 *
 * @param path an IDX file, or one packed with gzip
 * @param dimensionCount dimensions that it must have: 3 for images, 1 for labels. Default: any
 * @throws {QorusError} `not_found`, `io`, `unsupported` for elements other than bytes, or
 * `invalid_file` when the bytes do not follow the format.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const { shape, values } = train.readIdx("t10k-images-idx3-ubyte.gz", 3);
 * console.log(shape, values.length); // [10000, 28, 28], 7840000
 * ```
 */
export function readIdx(path: string, dimensionCount?: number): IdxArray {
  const bytes = unpack(path, readWhole(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = readMagic(path, view, dimensionCount);
  const headerBytes = 4 + 4 * count;
  if (bytes.byteLength < headerBytes) throw tooShort(path, headerBytes, bytes.byteLength);
  const shape = Array.from({ length: count }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = shape.reduce((product, size) => product * size, 1);
  const given = bytes.byteLength - headerBytes;
  if (given !== expected) {
    const problem = `[${shape}] takes ${expected} bytes, the file has ${given}`;
    throw invalidFile(path, "sizes", problem, { hint });
  }
  return { shape, values: bytes.subarray(headerBytes) };
}

/** Checks the first four bytes and returns the number of dimensions. */
function readMagic(path: string, view: DataView, dimensionCount: number | undefined): number {
  if (view.byteLength < 4) throw tooShort(path, 4 + 4 * (dimensionCount ?? 1), view.byteLength);
  const [zeros, type, count] = [view.getUint16(0), view.getUint8(2), view.getUint8(3)];
  if (zeros === 0 && otherTypes.has(type)) {
    throw unsupportedFile(path, "element type", "only bytes are read", {
      given: otherTypes.get(type),
      expected: "u8",
    });
  }
  const isRight = zeros === 0 && type === byteType && count >= 1 && count <= 6;
  if (isRight && count === (dimensionCount ?? count)) return count;
  throw invalidFile(path, "magic number", "is not that of an IDX file of the kind", {
    given: view.getUint32(0),
    expected: dimensionCount === undefined ? "2049 to 2054" : `${2048 + dimensionCount}`,
    hint: "Images begin with 2051, labels with 2049.",
  });
}

function readWhole(path: string): Uint8Array {
  using file = FileReader.open(path);
  if (file.size <= mostBytes) return file.read(0, file.size, "contents");
  throw unsupportedFile(path, "size", "the file is too large", {
    given: file.size,
    expected: `at most ${mostBytes} bytes`,
  });
}

function unpack(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidFile(path, "gzip", `cannot be unpacked (${reason})`, { hint, cause });
  }
}

function tooShort(path: string, expected: number, given: number): Error {
  const problem = `takes ${expected} bytes, the file has ${given}`;
  return invalidFile(path, "header", problem, { hint });
}
