/**
 * Writes safetensors files.
 *
 * @module
 */

import { AtomicFile, throwIfAborted } from "./atomic_file.ts";
import { ByteWriter, encodeUtf8 } from "./byte_writer.ts";
import { unsupportedFile } from "./file_error.ts";
import { safetensorsType } from "./safetensors.ts";
import { placeTensors, writeTensors, writtenByteLength } from "./tensor_writer.ts";
import type { WritableTensor, WriteOptions } from "./tensor_writer.ts";

/** Bytes that the start of the data is a multiple of, so that maps of it are aligned. */
const dataAlignment = 64;

/**
 * Writes a safetensors file, `metadata` under its `__metadata__`.
 *
 * The file appears under its name when it is whole. Throws `unsupported` for block-quantized
 * dtypes, which the format does not have, `aborted` where the signal ended the writing, `io`.
 *
 * @example
 * ```ts
 * await writeSafetensors("model.safetensors", new Map([["format", "pt"]]), tensors);
 * ```
 */
export async function writeSafetensors(
  path: string,
  metadata: ReadonlyMap<string, string>,
  tensors: readonly WritableTensor[],
  options: WriteOptions = {},
): Promise<void> {
  throwIfAborted(options.signal, path);
  const { bytes, offsets } = safetensorsHeader(path, metadata, tensors);
  using file = AtomicFile.create(path);
  file.write(bytes);
  await writeTensors(file, tensors, offsets, options);
  file.commit();
}

/** The start of a safetensors file and where its tensors' bytes belong. */
export interface SafetensorsHeader {
  /** The bytes before those of the tensors: a length, then JSON, `__metadata__` first. */
  readonly bytes: Uint8Array;
  /** The tensors' offsets in the file, one behind the other. */
  readonly offsets: readonly number[];
}

/**
 * Makes the header of a safetensors file; throws `unsupported` for block-quantized dtypes.
 *
 * @param path names the file in messages
 */
export function safetensorsHeader(
  path: string,
  metadata: ReadonlyMap<string, string>,
  tensors: readonly Omit<WritableTensor, "chunks">[],
): SafetensorsHeader {
  const offsets = placeTensors(tensors, 0, 1, path);
  const entries = tensors.map((tensor, i): [string, unknown] => {
    const dtype = safetensorsType(tensor.dtype);
    if (dtype === undefined || tensor.layout !== "rows" || tensor.name === "__metadata__") {
      throw unsupportedFile(path, `tensor ${tensor.name}`, "cannot be kept in a safetensors file", {
        given: `${tensor.dtype} in layout ${tensor.layout}`,
        expected: "f32, f16, bf16, i32 or u8 in layout rows",
        hint: "Choose one of these dtypes, or write .qorus or .gguf.",
      });
    }
    const end = offsets[i] + writtenByteLength(tensor, path);
    return [tensor.name, { dtype, shape: tensor.shape, data_offsets: [offsets[i], end] }];
  });
  const header: [string, unknown][] = [["__metadata__", Object.fromEntries(metadata)]];
  const text = encodeUtf8(JSON.stringify(Object.fromEntries([...header, ...entries])));
  const padding = (dataAlignment - (8 + text.byteLength) % dataAlignment) % dataAlignment;
  const writer = new ByteWriter();
  writer.u64(text.byteLength + padding);
  writer.bytes(text);
  writer.bytes(new Uint8Array(padding).fill(0x20));
  const start = writer.length;
  return { bytes: writer.finish(), offsets: offsets.map((offset) => start + offset) };
}
