/**
 * Reads `.qorus`, Qorus's own model files; docs/format.md has the format byte by byte.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import type { DType } from "../core/dtype.ts";
import { dtypes } from "../core/dtype.ts";
import { ByteReader } from "./byte_reader.ts";
import { FileReader } from "./file.ts";
import { invalidFile, unsupportedFile } from "./file_error.ts";
import { JsonFields } from "./json_fields.ts";
import { selectTensors } from "./model_config.ts";
import { readGenerationJson, readModelConfigJson } from "./qorus_metadata.ts";
import { checkOverlap, countElements, storedByteLength } from "./stored_tensor.ts";
import { decodeUtf8, parseJsonObject } from "./text.ts";
import type { Checkpoint, StoredTensor, TensorLayout } from "./types.ts";

/** First bytes of a file; CR, LF and Ctrl-Z show transfers that damage binary files. */
export const qorusMagic: readonly number[] = [0x51, 0x4f, 0x52, 0x55, 0x53, 0x0d, 0x0a, 0x1a];

/** The version this program writes, and the only one it reads. */
export const qorusVersion = 1;

/** Bytes of the fixed header. */
export const headerBytes = 128;

/** Bytes that the offset of the data and of every tensor is a multiple of. */
export const tensorAlignment = 64;

/** Offsets of the header's fields. */
export const headerFields = {
  version: 8,
  flags: 12,
  fileLength: 16,
  metadataOffset: 24,
  metadataLength: 32,
  tokenizerOffset: 40,
  tokenizerLength: 48,
  tableOffset: 56,
  tableLength: 64,
  dataOffset: 72,
  tensorCount: 80,
  checksum: 84,
  reserved: 88,
} as const;

/** Layouts in the order of their codes. */
export const layoutCodes: readonly TensorLayout[] = ["rows", "rows16"];

/** Most bytes before the data: a limit against files that ask for absurd memory. */
const mostHeadBytes = 1 << 28;

/** Most sizes that a tensor has. */
const mostDimensions = 6;

/** Least bytes of a table entry: no name and no sizes. */
const leastEntryBytes = 4 + 4 + 8 + 8;

interface Header {
  readonly metadata: Section;
  readonly tokenizer: Section;
  readonly table: Section;
  readonly dataOffset: number;
  readonly tensorCount: number;
}

interface Section {
  readonly offset: number;
  readonly length: number;
}

/** Whether a file starts as `.qorus` does. */
export function isQorus(start: Uint8Array): boolean {
  return start.length >= qorusMagic.length && qorusMagic.every((byte, i) => start[i] === byte);
}

/** CRC-32 of everything before the data, the checksum itself counted as zeros. */
export function headChecksum(head: Uint8Array): number {
  const { checksum } = headerFields;
  const before = crc32(head.subarray(0, checksum));
  return crc32(head.subarray(checksum + 4), crc32(new Uint8Array(4), before));
}

/**
 * Opens a `.qorus` file; reads what is before the tensors' bytes only.
 *
 * Throws `invalid_file` where bytes do not follow the format or the checksum is wrong,
 * `unsupported` for newer versions.
 *
 * @example
 * ```ts
 * const { config, tensors } = openQorus("model.qorus");
 * ```
 */
export function openQorus(path: string): Checkpoint {
  using file = FileReader.open(path);
  const header = readHeader(file);
  const head = file.read(0, header.dataOffset, "head");
  const expected = new DataView(head.buffer).getUint32(headerFields.checksum, true);
  const given = headChecksum(head);
  if (given !== expected) {
    throw invalidFile(path, "checksum", "the file is damaged", {
      given,
      expected,
      hint: "Copy or download it again.",
    });
  }
  const section = ({ offset, length }: Section) => head.slice(offset, offset + length);
  const text = decodeUtf8(section(header.metadata), path, "metadata");
  const metadata = new JsonFields(parseJsonObject(text, path, "metadata"), path, "metadata");
  const config = readModelConfigJson(metadata.object("config"), path);
  const stored = readTable(file, header);
  const hasTokenizer = header.tokenizer.length > 0;
  return {
    format: "qorus",
    path,
    config,
    tensors: selectTensors(stored, config, path),
    tokenizer: hasTokenizer
      ? { kind: "serialized", bytes: section(header.tokenizer), path }
      : undefined,
    generation: readGenerationJson(metadata.object("generation"), path),
    chatTemplate: metadata.has("chatTemplate") ? metadata.string("chatTemplate") : undefined,
    provenance: metadata.strings("provenance"),
  };
}

function readHeader(file: FileReader): Header {
  const { path } = file;
  const reader = new ByteReader(file);
  if (!isQorus(reader.bytes(qorusMagic.length, "magic"))) {
    throw invalidFile(path, "magic", "is no .qorus file");
  }
  const version = reader.u32("version");
  if (version !== qorusVersion) {
    throw unsupportedFile(path, "version", "is not one this Qorus reads", {
      given: version,
      expected: qorusVersion,
      hint: "Update Qorus, or convert the model again.",
    });
  }
  const flags = reader.u32("flags");
  if (flags !== 0) {
    throw unsupportedFile(path, "flags", "are not known", { given: flags, expected: 0 });
  }
  const fileLength = reader.size("file length");
  if (fileLength !== file.size) {
    throw invalidFile(path, "file length", "is not the file's size", {
      given: file.size,
      expected: fileLength,
      hint: "The file is truncated or damaged; copy or download it again.",
    });
  }
  const readSection = (name: string): Section => ({
    offset: reader.size(`${name} offset`),
    length: reader.size(`${name} length`),
  });
  const metadata = readSection("metadata");
  const tokenizer = readSection("tokenizer");
  const table = readSection("tensor table");
  const dataOffset = reader.size("data offset");
  const tensorCount = reader.u32("tensor count");
  const header = { metadata, tokenizer, table, dataOffset, tensorCount };
  checkSections(header, file);
  return header;
}

/** The sections follow each other between the fixed header and the data. */
function checkSections(header: Header, file: FileReader): void {
  const { dataOffset, table, tensorCount } = header;
  file.check(dataOffset, 0, "data offset");
  if (dataOffset % tensorAlignment !== 0 || dataOffset > mostHeadBytes) {
    throw invalidFile(file.path, "data offset", "is not sensible", {
      given: dataOffset,
      expected: `a multiple of ${tensorAlignment} up to ${mostHeadBytes}`,
    });
  }
  let end = headerBytes;
  for (const name of ["metadata", "tokenizer", "table"] as const) {
    const { offset, length } = header[name];
    if (name === "tokenizer" && length === 0) continue;
    if (offset < end || offset + length > dataOffset) {
      throw invalidFile(file.path, name, "does not lie in its place", {
        given: `bytes ${offset} to ${offset + length}`,
        expected: `between ${end} and ${dataOffset}`,
      });
    }
    end = offset + length;
  }
  if (tensorCount * leastEntryBytes > table.length) {
    throw invalidFile(file.path, "tensor count", "is more than the table has bytes for", {
      given: tensorCount,
      expected: `at most ${Math.floor(table.length / leastEntryBytes)}`,
    });
  }
}

function readTable(file: FileReader, header: Header): Map<string, StoredTensor> {
  const { path } = file;
  const { table, tensorCount, dataOffset } = header;
  const reader = new ByteReader(file, table.offset);
  const tensors = new Map<string, StoredTensor>();
  for (let i = 0; i < tensorCount; i += 1) {
    const tensor = readEntry(reader, file, i, dataOffset);
    if (tensors.has(tensor.name)) {
      throw invalidFile(path, `tensor ${tensor.name}`, "is there twice");
    }
    tensors.set(tensor.name, tensor);
  }
  const end = table.offset + table.length;
  if (reader.position !== end) {
    throw invalidFile(path, "tensor table", "has another length than its entries", {
      given: reader.position - table.offset,
      expected: table.length,
    });
  }
  checkOverlap(tensors.values(), path);
  return tensors;
}

function readEntry(
  reader: ByteReader,
  file: FileReader,
  index: number,
  dataOffset: number,
): StoredTensor {
  const { path } = file;
  const name = reader.text(reader.u32(`name length of tensor ${index}`), `name of tensor ${index}`);
  const dtype = readDType(reader.u8(`dtype of ${name}`), name, path);
  const layoutCode = reader.u8(`layout of ${name}`);
  const rank = reader.u8(`rank of ${name}`);
  const padding = reader.u8(`padding of ${name}`);
  const layout = layoutCodes[layoutCode];
  if (layout === undefined || padding !== 0) {
    throw unsupportedFile(path, `layout of ${name}`, "is not known", {
      given: layoutCode + 256 * padding,
      expected: "0 (rows) or 1 (rows16)",
    });
  }
  if (rank > mostDimensions) {
    throw invalidFile(path, `rank of ${name}`, "is too large", {
      given: rank,
      expected: `at most ${mostDimensions}`,
    });
  }
  const shape: number[] = [];
  for (let i = 0; i < rank; i += 1) shape.push(reader.size(`shape of ${name}`));
  countElements(shape, path, name);
  const offset = reader.size(`offset of ${name}`);
  const byteLength = reader.size(`length of ${name}`);
  if (offset % tensorAlignment !== 0 || offset < dataOffset) {
    throw invalidFile(path, `offset of ${name}`, "is not a place for a tensor", {
      given: offset,
      expected: `a multiple of ${tensorAlignment} from ${dataOffset}`,
    });
  }
  if (byteLength !== storedByteLength(dtype, layout, shape)) {
    throw invalidFile(path, `length of ${name}`, `does not fit ${dtype} ${layout} [${shape}]`, {
      given: byteLength,
      expected: storedByteLength(dtype, layout, shape),
    });
  }
  file.check(offset, byteLength, `data of ${name}`);
  return { name, storedType: dtype, dtype, shape, layout, path, offset, byteLength };
}

function readDType(code: number, name: string, path: string): DType {
  for (const [dtype, info] of Object.entries(dtypes)) {
    if (info.code === code) return dtype as DType;
  }
  throw unsupportedFile(path, `dtype of ${name}`, "is not known", {
    given: code,
    expected: Object.entries(dtypes).map(([dtype, info]) => `${info.code} (${dtype})`).join(", "),
  });
}
