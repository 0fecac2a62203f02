/**
 * Reads safetensors files, single and sharded.
 *
 * Reference: https://github.com/huggingface/safetensors#format
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import type { DType } from "../core/dtype.ts";
import { ByteReader } from "./byte_reader.ts";
import { FileReader } from "./file.ts";
import { invalidFile, unsupportedFile } from "./file_error.ts";
import { countElements } from "./stored_tensor.ts";
import { findDuplicateName, isObject, parseJsonObject, readTextFile } from "./text.ts";
import type { JsonObject } from "./text.ts";
import type { StoredTensor } from "./types.ts";

/** A safetensors file's header. */
export interface SafetensorsFile {
  readonly path: string;
  /** The texts under `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Tensors under the names of the file, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Most bytes of a header; the reference implementation has the same limit. */
export const mostHeaderBytes = 100_000_000;

/** Most bytes of an index of shards. */
const mostIndexBytes = 100_000_000;

const lengthBytes = 8;

interface SafetensorsType {
  readonly bits: number;
  readonly dtype?: DType;
}

const types: ReadonlyMap<string, SafetensorsType> = new Map<string, SafetensorsType>([
  ["F64", { bits: 64 }],
  ["F32", { bits: 32, dtype: "f32" }],
  ["F16", { bits: 16, dtype: "f16" }],
  ["BF16", { bits: 16, dtype: "bf16" }],
  ["F8_E5M2", { bits: 8 }],
  ["F8_E4M3", { bits: 8 }],
  ["F8_E8M0", { bits: 8 }],
  ["F4", { bits: 4 }],
  ["I64", { bits: 64 }],
  ["I32", { bits: 32, dtype: "i32" }],
  ["I16", { bits: 16 }],
  ["I8", { bits: 8 }],
  ["U64", { bits: 64 }],
  ["U32", { bits: 32 }],
  ["U16", { bits: 16 }],
  ["U8", { bits: 8, dtype: "u8" }],
  ["BOOL", { bits: 8 }],
  ["C64", { bits: 64 }],
]);

/** Name in safetensors of a dtype, undefined where the format has none (block-quantized ones). */
export function safetensorsType(dtype: DType): string | undefined {
  for (const [name, type] of types) if (type.dtype === dtype) return name;
  return undefined;
}

/** Whether a file of `size` bytes that starts like this can be safetensors. */
export function isSafetensors(start: Uint8Array, size: number): boolean {
  if (start.length <= lengthBytes || start[lengthBytes] !== 0x7b) return false;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  return view.getBigUint64(0, true) <= BigInt(size - lengthBytes);
}

/**
 * Reads a safetensors file's header and checks every number in it against the file.
 *
 * Throws `invalid_file` where the bytes do not follow the format (offsets outside of the file,
 * holes, overlaps, names that occur twice), `unsupported` for unknown element types.
 *
 * @example
 * ```ts
 * const { tensors } = readSafetensors("model.safetensors");
 * ```
 */
export function readSafetensors(path: string): SafetensorsFile {
  using file = FileReader.open(path);
  return readSafetensorsHeader(file);
}

/** Reads the header of an open file; throws as {@linkcode readSafetensors} does. */
export function readSafetensorsHeader(file: FileReader): SafetensorsFile {
  const { path } = file;
  const reader = new ByteReader(file);
  const length = reader.size("header length");
  if (length > mostHeaderBytes) {
    throw invalidFile(path, "header length", "is too large", {
      given: length,
      expected: `at most ${mostHeaderBytes}`,
    });
  }
  const text = reader.text(length, "header");
  if (!text.startsWith("{")) {
    throw invalidFile(path, "header", "does not start with {", { given: text.slice(0, 8) });
  }
  const header = parseJsonObject(text, path, "header");
  const duplicate = findDuplicateName(text, 1);
  if (duplicate !== undefined) throw invalidFile(path, `tensor ${duplicate}`, "is there twice");
  const dataOffset = reader.position;
  const tensors: StoredTensor[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== "__metadata__") tensors.push(readEntry(file, name, entry, dataOffset));
  }
  tensors.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  checkContiguous(tensors, file, dataOffset);
  return {
    path,
    metadata: readTexts(header.__metadata__, path),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  };
}

function readTexts(value: unknown, path: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  if (value === undefined) return texts;
  if (!isObject(value)) throw invalidFile(path, "__metadata__", "is not an object");
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw invalidFile(path, `__metadata__ ${name}`, "is not a text", { given: text });
    }
    texts.set(name, text);
  }
  return texts;
}

function readCounts(entry: JsonObject, member: string, path: string, name: string): number[] {
  const value = entry[member];
  const isCount = (item: unknown): item is number =>
    Number.isSafeInteger(item) && Number(item) >= 0;
  if (Array.isArray(value) && value.every(isCount)) return value;
  throw invalidFile(path, `${member} of ${name}`, "is not an array of counts", { given: value });
}

function readEntry(
  file: FileReader,
  name: string,
  entry: unknown,
  dataOffset: number,
): StoredTensor {
  const { path } = file;
  if (!isObject(entry)) throw invalidFile(path, `tensor ${name}`, "is not an object");
  const storedType = entry.dtype;
  const type = typeof storedType === "string" ? types.get(storedType) : undefined;
  if (typeof storedType !== "string" || type === undefined) {
    throw unsupportedFile(path, `dtype of ${name}`, "is not a known element type", {
      given: storedType,
      expected: [...types.keys()].join(", "),
    });
  }
  const shape = readCounts(entry, "shape", path, name);
  const offsets = readCounts(entry, "data_offsets", path, name);
  const byteLength = countElements(shape, path, name) * type.bits / 8;
  if (offsets.length !== 2 || offsets[1] - offsets[0] !== byteLength) {
    throw invalidFile(path, `data_offsets of ${name}`, `do not fit ${storedType} [${shape}]`, {
      given: offsets,
      expected: `a begin and an end ${byteLength} bytes apart`,
    });
  }
  const offset = dataOffset + offsets[0];
  file.check(offset, byteLength, `data of ${name}`);
  const { dtype } = type;
  return { name, storedType, dtype, shape, layout: "rows", path, offset, byteLength };
}

/** The format wants the tensors' bytes side by side, from the header to the end of the file. */
function checkContiguous(tensors: readonly StoredTensor[], file: FileReader, start: number): void {
  let end = start;
  for (const { name, offset, byteLength } of tensors) {
    if (offset !== end) {
      throw invalidFile(
        file.path,
        `data_offsets of ${name}`,
        offset < end ? "overlap another tensor" : "leave a hole before the tensor",
        { given: offset - start, expected: end - start },
      );
    }
    end += byteLength;
  }
  if (end !== file.size) {
    throw invalidFile(file.path, "size", "the file does not end where its last tensor does", {
      given: file.size,
      expected: end,
    });
  }
}

/**
 * Reads the shards that a `model.safetensors.index.json` lists.
 *
 * A tensor is taken from the file that the index names; throws `invalid_file` where it is not
 * there, and for file names that lead out of the index's folder.
 */
export function readShardedSafetensors(indexPath: string): ReadonlyMap<string, StoredTensor> {
  const text = readTextFile(indexPath, mostIndexBytes);
  const weightMap = parseJsonObject(text, indexPath, "index").weight_map;
  if (!isObject(weightMap)) throw invalidFile(indexPath, "weight_map", "is not an object");
  const duplicate = findDuplicateName(text, 2);
  if (duplicate !== undefined) {
    throw invalidFile(indexPath, `weight_map ${duplicate}`, "is there twice");
  }
  const shards = new Map<string, SafetensorsFile>();
  const tensors = new Map<string, StoredTensor>();
  for (const [name, shardName] of Object.entries(weightMap)) {
    const shard = openShard(shards, indexPath, name, shardName);
    const tensor = shard.tensors.get(name);
    if (tensor === undefined) {
      throw invalidFile(indexPath, `weight_map ${name}`, "names a file that does not have it", {
        given: shard.path,
      });
    }
    tensors.set(name, tensor);
  }
  return tensors;
}

function openShard(
  shards: Map<string, SafetensorsFile>,
  indexPath: string,
  name: string,
  shardName: unknown,
): SafetensorsFile {
  const isPlain = typeof shardName === "string" && shardName === basename(shardName) &&
    /^[^\\/:\0]+\.safetensors$/.test(shardName);
  if (!isPlain) {
    throw invalidFile(indexPath, `weight_map ${name}`, "is not a file name", {
      given: shardName,
      expected: "the name of a .safetensors file in the same folder",
    });
  }
  let shard = shards.get(shardName);
  if (shard === undefined) {
    shard = readSafetensors(join(dirname(indexPath), shardName));
    shards.set(shardName, shard);
  }
  return shard;
}
