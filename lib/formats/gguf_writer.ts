/**
 * Writes GGUF, version 3.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import { AtomicFile, throwIfAborted } from "./atomic_file.ts";
import { ByteWriter, encodeUtf8 } from "./byte_writer.ts";
import { unsupportedFile } from "./file_error.ts";
import { ggmlCode } from "./ggml_types.ts";
import { alignmentKey, defaultAlignment, ggufTypeCodes } from "./gguf.ts";
import { alignUp, placeTensors, writeTensors } from "./tensor_writer.ts";
import type { WritableTensor, WriteOptions } from "./tensor_writer.ts";
import type { GgufMetadata, GgufScalarType, GgufValue } from "./types.ts";

const version = 3;

function typeCode(type: GgufScalarType | "array"): number {
  return ggufTypeCodes.indexOf(type);
}

function writeString(writer: ByteWriter, text: string): void {
  const bytes = encodeUtf8(text);
  writer.u64(bytes.byteLength);
  writer.bytes(bytes);
}

const scalarArrays = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

function writeValue(writer: ByteWriter, value: GgufValue): void {
  writer.u32(typeCode(value.type));
  switch (value.type) {
    case "array":
      return writeArray(writer, value);
    case "string":
      return writeString(writer, value.value);
    case "bool":
      return writer.u8(value.value ? 1 : 0);
    case "u64":
    case "i64":
      return writer.u64(BigInt.asUintN(64, value.value));
    default:
      return writer.elements(scalarArrays[value.type].of(value.value));
  }
}

function writeArray(writer: ByteWriter, array: GgufValue & { type: "array" }): void {
  writer.u32(typeCode(array.element));
  writer.u64(array.value.length);
  if (ArrayBuffer.isView(array.value)) return writer.elements(array.value);
  for (const item of array.value) {
    if (typeof item === "string") writeString(writer, item);
    else writer.u8(item ? 1 : 0);
  }
}

function writeEntry(
  writer: ByteWriter,
  tensor: WritableTensor,
  offset: number,
  path: string,
): void {
  const code = ggmlCode(tensor.dtype);
  if (code === undefined || tensor.layout !== "rows") {
    throw unsupportedFile(path, `tensor ${tensor.name}`, "cannot be kept in a GGUF file", {
      given: `${tensor.dtype} in layout ${tensor.layout}`,
      expected: "floats, quantized types or i32, in layout rows",
    });
  }
  writeString(writer, tensor.name);
  writer.u32(tensor.shape.length);
  for (const size of [...tensor.shape].reverse()) writer.u64(size);
  writer.u32(code);
  writer.u64(offset);
}

/**
 * Writes a GGUF file with the metadata in its order and the tensors in theirs.
 *
 * The file appears under its name when it is whole. Throws `unsupported` for dtypes that GGUF does
 * not have, `aborted` where the signal ended the writing, `io`.
 *
 * @example
 * ```ts
 * const architecture: GgufValue = { type: "string", value: "llama" };
 * await writeGguf("model.gguf", new Map([["general.architecture", architecture]]), tensors);
 * ```
 */
export async function writeGguf(
  path: string,
  metadata: GgufMetadata,
  tensors: readonly WritableTensor[],
  options: WriteOptions = {},
): Promise<void> {
  throwIfAborted(options.signal, path);
  if (metadata.has(alignmentKey)) {
    throw new QorusError("invalid_argument", `${path}: ${alignmentKey} is for the writer to set`, {
      path,
      field: alignmentKey,
    });
  }
  const writer = new ByteWriter();
  writer.bytes(encodeUtf8("GGUF"));
  writer.u32(version);
  writer.u64(tensors.length);
  writer.u64(metadata.size);
  for (const [key, value] of metadata) {
    writeString(writer, key);
    writeValue(writer, value);
  }
  const offsets = placeTensors(tensors, 0, defaultAlignment, path);
  for (const [i, tensor] of tensors.entries()) writeEntry(writer, tensor, offsets[i], path);
  writer.align(defaultAlignment);
  const start = writer.length;
  using file = AtomicFile.create(path);
  file.write(writer.finish());
  await writeTensors(file, tensors, offsets.map((offset) => start + offset), options);
  // llama.cpp expects the last tensor to be padded as the others are.
  file.padTo(alignUp(file.position, defaultAlignment));
  file.commit();
}
