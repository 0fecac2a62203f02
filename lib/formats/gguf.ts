/**
 * Reads GGUF, the file format of llama.cpp, versions 2 and 3.
 *
 * Reference: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 * @module
 */

import { ByteReader } from "./byte_reader.ts";
import { FileReader } from "./file.ts";
import { invalidFile, unsupportedFile } from "./file_error.ts";
import { ggmlTypes } from "./ggml_types.ts";
import { checkOverlap, countElements } from "./stored_tensor.ts";
import type { GgufMetadata, GgufScalarType, GgufValue, StoredTensor } from "./types.ts";

/** A GGUF file's head: everything but the tensors' bytes. */
export interface GgufFile {
  readonly path: string;
  readonly version: number;
  /** Bytes that every tensor's offset is a multiple of. */
  readonly alignment: number;
  readonly metadata: GgufMetadata;
  /** Tensors under the names of the file, in file order. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Scalar types in the order of their codes; code 9 is the array. */
export const ggufTypeCodes: readonly (GgufScalarType | "array")[] = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "string",
  "array",
  "u64",
  "i64",
  "f64",
];

/** Name of the metadata key that sets the alignment. */
export const alignmentKey = "general.alignment";

/** Alignment of files that do not say. */
export const defaultAlignment = 32;

const mostDimensions = 4;
const mostAlignment = 1 << 20;

const numericArrays = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  f64: Float64Array,
};

/** Least bytes that a string takes: its length. */
const leastStringBytes = 8;
/** Least bytes of a key with its value: an empty string, a type and one byte. */
const leastPairBytes = leastStringBytes + 4 + 1;
/** Least bytes of a tensor's entry: an empty name, the number of sizes, type and offset. */
const leastTensorBytes = leastStringBytes + 4 + 4 + 8;

/** Whether a file starts as GGUF does. */
export function isGguf(start: Uint8Array): boolean {
  return start.length >= 4 && start[0] === 0x47 && start[1] === 0x47 && start[2] === 0x55 &&
    start[3] === 0x46;
}

/**
 * Reads a GGUF file's head and checks every number in it against the file.
 *
 * Throws `invalid_file` where the bytes do not follow the format, `unsupported` for versions and
 * element types that are not known.
 *
 * @example
 * ```ts
 * const { metadata, tensors } = readGguf("model.gguf");
 * ```
 */
export function readGguf(path: string): GgufFile {
  using file = FileReader.open(path);
  const reader = new ByteReader(file);
  const magic = reader.bytes(4, "magic");
  if (!isGguf(magic)) {
    throw invalidFile(path, "magic", "is no GGUF file", {
      given: Array.from(magic),
      expected: "the letters GGUF",
    });
  }
  const version = readVersion(reader, path);
  const tensorCount = reader.count(leastTensorBytes, "tensor count");
  const pairCount = reader.count(leastPairBytes, "metadata count");
  const metadata = readMetadata(reader, pairCount, path);
  const alignment = readAlignment(metadata, path);
  const entries: TensorEntry[] = [];
  for (let i = 0; i < tensorCount; i += 1) entries.push(readTensorEntry(reader, path, i));
  const dataOffset = Math.ceil(reader.position / alignment) * alignment;
  const tensors = new Map<string, StoredTensor>();
  for (const entry of entries) {
    if (tensors.has(entry.name)) {
      throw invalidFile(path, `tensor ${entry.name}`, "is there twice");
    }
    tensors.set(entry.name, placeTensor(entry, file, dataOffset, alignment));
  }
  checkOverlap(tensors.values(), path);
  return { path, version, alignment, metadata, tensors };
}

function readVersion(reader: ByteReader, path: string): number {
  const version = reader.u32("version");
  if (version === 2 || version === 3) return version;
  const bigEndian = version === 0x02000000 || version === 0x03000000;
  throw unsupportedFile(
    path,
    "version",
    bigEndian ? "belongs to a big-endian file" : "is not one Qorus reads",
    {
      given: version,
      expected: "2 or 3",
      hint: bigEndian
        ? "Write the file on or for a little-endian machine."
        : "Write the file again with a current llama.cpp, or update Qorus.",
    },
  );
}

function readString(reader: ByteReader, field: string): string {
  return reader.text(reader.count(1, `length of ${field}`), field);
}

function readMetadata(reader: ByteReader, count: number, path: string): GgufMetadata {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i += 1) {
    const key = readString(reader, `metadata key ${i}`);
    if (metadata.has(key)) throw invalidFile(path, `metadata ${key}`, "is there twice");
    metadata.set(key, readValue(reader, key, path));
  }
  return metadata;
}

function readType(reader: ByteReader, key: string, path: string): GgufScalarType | "array" {
  const code = reader.u32(`type of ${key}`);
  const type = ggufTypeCodes[code];
  if (type !== undefined) return type;
  throw invalidFile(path, `type of ${key}`, "is not a GGUF type", {
    given: code,
    expected: "0 to 12",
  });
}

function readValue(reader: ByteReader, key: string, path: string): GgufValue {
  const type = readType(reader, key, path);
  switch (type) {
    case "array":
      return readArray(reader, key, path);
    case "string":
      return { type, value: readString(reader, key) };
    case "bool":
      return { type, value: readBool(reader, key, path) };
    case "u64":
      return { type, value: reader.u64(key) };
    case "i64":
      return { type, value: reader.i64(key) };
    default:
      return { type, value: reader[type](key) };
  }
}

function readBool(reader: ByteReader, key: string, path: string): boolean {
  const byte = reader.u8(key);
  if (byte <= 1) return byte === 1;
  throw invalidFile(path, key, "is no truth value", { given: byte, expected: "0 or 1" });
}

function readArray(reader: ByteReader, key: string, path: string): GgufValue {
  const element = readType(reader, key, path);
  if (element === "array") {
    throw unsupportedFile(path, key, "is an array of arrays, which Qorus does not read");
  }
  const field = `length of ${key}`;
  if (element === "string") {
    const count = reader.count(leastStringBytes, field);
    const value: string[] = [];
    for (let i = 0; i < count; i += 1) value.push(readString(reader, key));
    return { type: "array", element, value };
  }
  if (element === "bool") {
    const count = reader.count(1, field);
    const bytes = reader.bytes(count, key);
    return { type: "array", element, value: Array.from(bytes, (byte) => byte !== 0) };
  }
  const arrayClass = numericArrays[element];
  const size = arrayClass.BYTES_PER_ELEMENT;
  const bytes = reader.bytes(reader.count(size, field) * size, key);
  return { type: "array", element, value: new arrayClass(bytes.buffer as ArrayBuffer) };
}

function readAlignment(metadata: GgufMetadata, path: string): number {
  const value = metadata.get(alignmentKey);
  if (value === undefined) return defaultAlignment;
  const alignment = value.type === "u32" ? value.value : 0;
  const isPowerOfTwo = alignment > 0 && (alignment & (alignment - 1)) === 0;
  if (isPowerOfTwo && alignment <= mostAlignment) return alignment;
  throw invalidFile(path, alignmentKey, "is no alignment", {
    given: value.type === "array" ? "an array" : value.value,
    expected: `a power of two up to ${mostAlignment} as u32`,
  });
}

interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly typeCode: number;
  /** Counted from the start of the data. */
  readonly offset: number;
}

function readTensorEntry(reader: ByteReader, path: string, index: number): TensorEntry {
  const name = readString(reader, `name of tensor ${index}`);
  const dimensions = reader.u32(`number of sizes of ${name}`);
  if (dimensions > mostDimensions) {
    throw invalidFile(path, `number of sizes of ${name}`, "is too large", {
      given: dimensions,
      expected: `at most ${mostDimensions}`,
    });
  }
  const sizes: number[] = [];
  for (let i = 0; i < dimensions; i += 1) sizes.push(reader.size(`shape of ${name}`));
  const typeCode = reader.u32(`type of ${name}`);
  const offset = reader.size(`offset of ${name}`);
  // GGUF lists sizes innermost first.
  return { name, shape: sizes.reverse(), typeCode, offset };
}

function placeTensor(
  entry: TensorEntry,
  file: FileReader,
  dataOffset: number,
  alignment: number,
): StoredTensor {
  const { name, shape, typeCode } = entry;
  const { path } = file;
  const type = ggmlTypes.get(typeCode);
  if (type === undefined) {
    throw unsupportedFile(path, `type of ${name}`, "is not a known GGML type", {
      given: typeCode,
      expected: "one of those that `ggml_type` lists",
    });
  }
  const elements = countElements(shape, path, name);
  const columns = shape.at(-1) ?? 1;
  if (elements === 0 || columns % type.blockElements !== 0) {
    throw invalidFile(path, `shape of ${name}`, `does not fit ${type.name}`, {
      given: shape,
      expected: `positive sizes, the last a multiple of ${type.blockElements}`,
    });
  }
  if (entry.offset % alignment !== 0) {
    throw invalidFile(path, `offset of ${name}`, "is not aligned", {
      given: entry.offset,
      expected: `a multiple of ${alignment}`,
    });
  }
  const offset = dataOffset + entry.offset;
  const byteLength = elements / type.blockElements * type.blockBytes;
  file.check(offset, byteLength, `data of ${name}`);
  return {
    name,
    storedType: type.name,
    dtype: type.dtype,
    shape,
    layout: "rows",
    path,
    offset,
    byteLength,
  };
}
