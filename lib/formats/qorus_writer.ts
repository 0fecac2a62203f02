/**
 * Writes `.qorus`, Qorus's own model files; docs/format.md has the format byte by byte.
 *
 * @module
 */

import { dtypes } from "../core/dtype.ts";
import { AtomicFile, throwIfAborted } from "./atomic_file.ts";
import { ByteWriter, encodeUtf8 } from "./byte_writer.ts";
import {
  headChecksum,
  headerBytes,
  headerFields,
  layoutCodes,
  qorusMagic,
  qorusVersion,
  tensorAlignment,
} from "./qorus.ts";
import { alignUp, placeTensors, writeTensors, writtenByteLength } from "./tensor_writer.ts";
import type { WritableTensor, WriteOptions } from "./tensor_writer.ts";
import type { GenerationDefaults, ModelConfig } from "./types.ts";

/** What a `.qorus` file has besides tensors. */
export interface QorusContent {
  readonly config: ModelConfig;
  readonly generation: GenerationDefaults;
  /** Jinja template that turns a list of messages into a prompt. */
  readonly chatTemplate?: string;
  /** The tokenizer as `lib/tokenizer` serializes it; absent where the model comes without one. */
  readonly tokenizer?: Uint8Array;
  /** Where the model came from, for people. */
  readonly provenance?: Readonly<Record<string, string>>;
}

const sectionAlignment = 8;

function writeTable(
  tensors: readonly WritableTensor[],
  offsets: readonly number[],
  path: string,
): Uint8Array {
  const table = new ByteWriter();
  for (const [i, tensor] of tensors.entries()) {
    const name = encodeUtf8(tensor.name);
    table.u32(name.byteLength);
    table.bytes(name);
    table.u8(dtypes[tensor.dtype].code);
    table.u8(layoutCodes.indexOf(tensor.layout));
    table.u8(tensor.shape.length);
    table.u8(0);
    for (const size of tensor.shape) table.u64(size);
    table.u64(offsets[i]);
    table.u64(writtenByteLength(tensor, path));
  }
  return table.finish();
}

/**
 * Writes a `.qorus` file, every tensor 64-byte aligned.
 *
 * The file appears under its name when it is whole. Throws `invalid_shape` where a tensor's layout
 * and shape do not go together, `aborted` where the signal ended the writing, `io`.
 *
 * @example
 * ```ts
 * await writeQorus("model.qorus", { config, generation: { endTokens: [2] } }, tensors);
 * ```
 */
export async function writeQorus(
  path: string,
  content: QorusContent,
  tensors: readonly WritableTensor[],
  options: WriteOptions = {},
): Promise<void> {
  throwIfAborted(options.signal, path);
  const { config, generation, chatTemplate, provenance } = content;
  const metadata = encodeUtf8(JSON.stringify({ config, generation, chatTemplate, provenance }));
  const tokenizer = content.tokenizer ?? new Uint8Array(0);
  // The table's size does not depend on the offsets in it, so zeros stand in for them first.
  const tableLength = writeTable(tensors, tensors.map(() => 0), path).byteLength;
  const tokenizerOffset = alignUp(headerBytes + metadata.byteLength, sectionAlignment);
  const tableOffset = alignUp(tokenizerOffset + tokenizer.byteLength, sectionAlignment);
  const dataOffset = alignUp(tableOffset + tableLength, tensorAlignment);
  const offsets = placeTensors(tensors, dataOffset, tensorAlignment, path);
  const last = tensors.length - 1;
  const fileLength = last < 0 ? dataOffset : offsets[last] + writtenByteLength(tensors[last], path);

  const head = new Uint8Array(dataOffset);
  const view = new DataView(head.buffer);
  const setSize = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  head.set(qorusMagic);
  view.setUint32(headerFields.version, qorusVersion, true);
  setSize(headerFields.fileLength, fileLength);
  setSize(headerFields.metadataOffset, headerBytes);
  setSize(headerFields.metadataLength, metadata.byteLength);
  setSize(headerFields.tokenizerOffset, tokenizer.byteLength === 0 ? 0 : tokenizerOffset);
  setSize(headerFields.tokenizerLength, tokenizer.byteLength);
  setSize(headerFields.tableOffset, tableOffset);
  setSize(headerFields.tableLength, tableLength);
  setSize(headerFields.dataOffset, dataOffset);
  view.setUint32(headerFields.tensorCount, tensors.length, true);
  head.set(metadata, headerBytes);
  head.set(tokenizer, tokenizerOffset);
  head.set(writeTable(tensors, offsets, path), tableOffset);
  view.setUint32(headerFields.checksum, headChecksum(head), true);

  using file = AtomicFile.create(path);
  file.write(head);
  await writeTensors(file, tensors, offsets, options);
  file.commit();
}
