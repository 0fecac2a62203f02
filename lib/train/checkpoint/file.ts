/**
 * The file of a checkpoint: safetensors whose metadata begins with a checksum of the whole file.
 *
 * The SHA-256 is taken over every byte, with the 64 digits of the checksum itself as zeros. It
 * stands at a fixed place, so that a file is checked before any of it is interpreted.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import { scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { dtypes } from "../../core/dtype.ts";
import { AtomicFile } from "../../formats/atomic_file.ts";
import { encodeUtf8 } from "../../formats/byte_writer.ts";
import { FileReader } from "../../formats/file.ts";
import { invalidFile, unsupportedFile } from "../../formats/file_error.ts";
import { readSafetensorsHeader } from "../../formats/safetensors.ts";
import type { SafetensorsFile } from "../../formats/safetensors.ts";
import { safetensorsHeader } from "../../formats/safetensors_writer.ts";

const checksumMember = "sha256";
const versionMember = "qorus.checkpoint";
const version = "1";

const digitCount = 64;
const emptyDigits = "0".repeat(digitCount);
const lengthBytes = 8;
const beginning = encodeUtf8(`{"__metadata__":{"${checksumMember}":"`);
const digitsOffset = lengthBytes + beginning.byteLength;

/** Bytes that are read, hashed or written at once. */
const pieceBytes = 1 << 22;

/**
 * Writes a checkpoint's file; it appears under its name when it is whole and on the disk.
 *
 * The tensors' bytes go to the file from where they lie; only views that are not contiguous are
 * copied, one at a time.
 *
 * @throws {QorusError} `unsupported` for quantized tensors, `stale_handle`, `not_found`, `io`.
 */
export function writeCheckpointFile(
  path: string,
  texts: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Tensor>,
): void {
  // Larger elements first: each tensor is aligned, as PyTorch wants it.
  const sorted = [...tensors].sort(([, a], [, b]) => elementBytes(b) - elementBytes(a));
  const metadata = new Map([
    [checksumMember, emptyDigits],
    [versionMember, version],
    ["format", "pt"],
    ...Object.entries(texts),
  ]);
  const described = sorted.map(([name, { dtype, layout, shape }]) => ({
    name,
    dtype,
    layout,
    shape,
  }));
  const { bytes } = safetensorsHeader(path, metadata, described);
  const hash = createHash("sha256").update(bytes);
  for (const [, tensor] of sorted) forPieces(tensor, (piece) => hash.update(piece));
  bytes.set(encodeUtf8(hash.digest("hex")), digitsOffset);
  using file = AtomicFile.create(path);
  file.write(bytes);
  for (const [, tensor] of sorted) forPieces(tensor, (piece) => file.write(piece));
  file.commit();
}

function elementBytes({ dtype }: Tensor): number {
  return dtypes[dtype].blockBytes;
}

/** Calls `take` with the tensor's bytes in row-major order. */
function forPieces(tensor: Tensor, take: (piece: Uint8Array) => void): void {
  using _ = scope();
  // A view of its own, whose array ends with this scope rather than with the tensor.
  const { buffer, byteOffset, byteLength } = tensor.detach().contiguous().data;
  for (let start = 0; start < byteLength; start += pieceBytes) {
    const length = Math.min(pieceBytes, byteLength - start);
    take(new Uint8Array(buffer, byteOffset + start, length));
  }
}

/** A checkpoint's file, checked and open for reading. */
export class CheckpointFile implements Disposable {
  /** The header: metadata and where the tensors lie. */
  readonly header: SafetensorsFile;
  readonly #file: FileReader;

  private constructor(file: FileReader, header: SafetensorsFile) {
    this.#file = file;
    this.header = header;
  }

  /**
   * Opens a checkpoint after comparing all of it with its checksum.
   *
   * @throws {QorusError} `not_found`, `io`; `invalid_file` when it is damaged or no checkpoint,
   * `unsupported` when it is of a later version.
   */
  static open(path: string): CheckpointFile {
    const file = FileReader.open(path);
    try {
      checkDigest(file);
      const header = readSafetensorsHeader(file);
      const given = header.metadata.get(versionMember);
      if (given === undefined) throw notACheckpoint(path);
      if (given !== version) {
        throw unsupportedFile(path, versionMember, "is another version", {
          given,
          expected: version,
          hint: "Update Qorus.",
        });
      }
      return new CheckpointFile(file, header);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Reads a tensor's bytes into a contiguous tensor of its dtype and shape. */
  readInto(name: string, target: Tensor): void {
    const { offset } = this.header.tensors.get(name)!;
    const { buffer, byteOffset, byteLength } = target.data;
    for (let start = 0; start < byteLength; start += pieceBytes) {
      const length = Math.min(pieceBytes, byteLength - start);
      this.#file.readInto(offset + start, new Uint8Array(buffer, byteOffset + start, length), name);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function notACheckpoint(path: string): ReturnType<typeof invalidFile> {
  return invalidFile(path, "beginning", "is not that of a checkpoint: another kind of file", {
    hint: "A model's own file is loaded with model.load(path). Otherwise the file is damaged.",
  });
}

function checkDigest(file: FileReader): void {
  const { path } = file;
  if (file.size < digitsOffset + digitCount) throw notACheckpoint(path);
  const digits = file.read(digitsOffset, digitCount, checksumMember);
  const found = file.read(lengthBytes, beginning.byteLength, "beginning");
  if (found.some((byte, i) => byte !== beginning[i])) throw notACheckpoint(path);
  const hash = createHash("sha256").update(file.read(0, digitsOffset, "beginning"));
  hash.update(emptyDigits);
  hashRest(file, digitsOffset + digitCount, hash);
  const expected = hash.digest("hex");
  const given = String.fromCharCode(...digits);
  if (given === expected) return;
  throw invalidFile(path, checksumMember, "does not belong to the contents: the file is damaged", {
    given,
    expected,
  });
}

function hashRest(file: FileReader, start: number, hash: Hash): void {
  const piece = new Uint8Array(Math.min(pieceBytes, file.size - start));
  for (let offset = start; offset < file.size; offset += pieceBytes) {
    const part = piece.subarray(0, Math.min(pieceBytes, file.size - offset));
    file.readInto(offset, part, "contents");
    hash.update(part);
  }
}
