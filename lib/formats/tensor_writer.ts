/**
 * Streams tensors into a file, whatever its format.
 *
 * @module
 */

import type { DType } from "../core/dtype.ts";
import { nextTurn } from "../core/turn.ts";
import { QorusError } from "../native/error.ts";
import { throwIfAborted } from "./atomic_file.ts";
import type { AtomicFile } from "./atomic_file.ts";
import { storedByteLength } from "./stored_tensor.ts";
import type { TensorLayout } from "./types.ts";

/** A tensor to be written; its bytes are made when their turn comes. */
export interface WritableTensor {
  /** Name as the file will have it. */
  readonly name: string;
  readonly dtype: DType;
  readonly layout: TensorLayout;
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** The bytes, in pieces small enough to keep in memory. */
  chunks(): Iterable<Uint8Array>;
}

/** How far a writer has come. */
export interface WriteProgress {
  /** The tensor being written. */
  readonly tensor: string;
  /** Bytes of tensors written so far. */
  readonly bytesDone: number;
  /** Bytes of all tensors. */
  readonly bytesTotal: number;
}

/** Options of every writer. */
export interface WriteOptions {
  /** Ends the writing; nothing is left under the final name. */
  readonly signal?: AbortSignal;
  /** Called after every piece. */
  readonly onProgress?: (progress: WriteProgress) => void;
}

/** Bytes of a tensor that is to be written; throws `invalid_shape` where dtype and shape differ. */
export function writtenByteLength(
  tensor: Omit<WritableTensor, "chunks">,
  path: string,
): number {
  const { name, dtype, layout, shape } = tensor;
  const length = storedByteLength(dtype, layout, shape);
  if (Number.isSafeInteger(length) && length >= 0) return length;
  throw new QorusError(
    "invalid_shape",
    `${path}: ${name}: ${dtype} in layout ${layout} cannot have the shape [${shape.join(", ")}]`,
    { path, field: name, given: shape },
  );
}

/** Offsets of tensors one after the other from `start`, each a multiple of `alignment`. */
export function placeTensors(
  tensors: readonly Omit<WritableTensor, "chunks">[],
  start: number,
  alignment: number,
  path: string,
): number[] {
  const names = new Set<string>();
  let end = start;
  return tensors.map((tensor) => {
    if (names.has(tensor.name)) {
      throw new QorusError("invalid_argument", `${path}: ${tensor.name}: is to be written twice`, {
        path,
        field: tensor.name,
      });
    }
    names.add(tensor.name);
    const offset = alignUp(end, alignment);
    end = offset + writtenByteLength(tensor, path);
    return offset;
  });
}

/** The next multiple of `alignment`. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/**
 * Writes the tensors' bytes at their offsets.
 *
 * Lets the event loop run between pieces, so that an interrupt is seen; throws `aborted` then.
 */
export async function writeTensors(
  file: AtomicFile,
  tensors: readonly WritableTensor[],
  offsets: readonly number[],
  options: WriteOptions,
): Promise<void> {
  const lengths = tensors.map((tensor) => writtenByteLength(tensor, file.path));
  const bytesTotal = lengths.reduce((sum, length) => sum + length, 0);
  let bytesDone = 0;
  for (const [i, tensor] of tensors.entries()) {
    file.padTo(offsets[i]);
    for (const chunk of tensor.chunks()) {
      throwIfAborted(options.signal, file.path);
      file.write(chunk);
      bytesDone += chunk.byteLength;
      options.onProgress?.({ tensor: tensor.name, bytesDone, bytesTotal });
      await nextTurn();
    }
    const written = file.position - offsets[i];
    if (written === lengths[i]) continue;
    throw new QorusError(
      "internal",
      `${file.path}: ${tensor.name}: ${written} bytes were made, ${lengths[i]} were announced`,
      { path: file.path, field: tensor.name, given: written, expected: lengths[i] },
    );
  }
  throwIfAborted(options.signal, file.path);
}
