/**
 * State dicts in safetensors files.
 *
 * @module
 */

import { type CreateOptions, empty } from "../core/creation.ts";
import type { DType } from "../core/dtype.ts";
import { scope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { FileReader } from "../formats/file.ts";
import { unsupportedFile } from "../formats/file_error.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import { writeSafetensors } from "../formats/safetensors_writer.ts";
import type { WritableTensor, WriteOptions } from "../formats/tensor_writer.ts";
import type { StoredTensor } from "../formats/types.ts";
import { QorusError } from "../native/error.ts";

/** Options of {@linkcode saveSafetensors}. */
export interface SaveOptions extends WriteOptions {
  /** Texts to keep in the file beside the tensors. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Types that PyTorch writes and Qorus has not: what they become, and the reader of one element. */
const wideTypes: ReadonlyMap<string, { dtype: DType; from: (bytes: ArrayBuffer) => number[] }> =
  new Map([
    ["F64", { dtype: "f32", from: (bytes) => [...new Float64Array(bytes)] }],
    ["I64", { dtype: "i32", from: (bytes) => Array.from(new BigInt64Array(bytes), Number) }],
    ["BOOL", { dtype: "u8", from: (bytes) => [...new Uint8Array(bytes)] }],
  ]);

/**
 * The tensors of a safetensors file by name, copied into scratch (they end with the scope) or into
 * the state arena that the options name. F64 becomes f32, I64 i32 and BOOL u8.
 *
 * @throws {QorusError} `not_found`, `invalid_file` when the bytes do not follow the format,
 * `unsupported` for element types that Qorus has not, `out_of_range` for an I64 outside of i32.
 *
 * @example
 * ```ts
 * import { nn, scope } from "@qorus/qorus";
 *
 * using model = new nn.Linear(784, 10);
 * using _ = scope();
 * model.loadStateDict(nn.loadSafetensors("linear.safetensors"));
 * ```
 */
export function loadSafetensors(
  path: string,
  options: Pick<CreateOptions, "state"> = {},
): Map<string, Tensor> {
  const { tensors } = readSafetensors(path);
  using file = FileReader.open(path);
  const loaded = new Map<string, Tensor>();
  for (const [name, stored] of tensors) {
    loaded.set(name, readTensor(file, stored, options).named(name.slice(0, 31)));
  }
  return loaded;
}

function readTensor(
  file: FileReader,
  stored: StoredTensor,
  options: Pick<CreateOptions, "state">,
): Tensor {
  const { name, dtype, storedType, shape, offset, byteLength } = stored;
  if (shape.length > 6) {
    throw unsupportedFile(file.path, `shape of ${name}`, "has too many dimensions", {
      given: shape,
      expected: "at most 6",
    });
  }
  if (dtype !== undefined) {
    const made = empty(shape, { ...options, dtype });
    const { buffer, byteOffset } = made.data;
    file.readInto(offset, new Uint8Array(buffer, byteOffset, byteLength), name);
    return made;
  }
  const wide = wideTypes.get(storedType);
  if (wide === undefined) {
    throw unsupportedFile(file.path, `dtype of ${name}`, "is one that Qorus has not", {
      given: storedType,
      expected: "F32, F16, BF16, I32, U8, F64, I64 or BOOL",
    });
  }
  const bytes = file.read(offset, byteLength, name);
  const values = wide.from(bytes.buffer as ArrayBuffer);
  const outside = values.find((value) => wide.dtype === "i32" && (value | 0) !== value);
  if (outside !== undefined) {
    throw new QorusError("out_of_range", `${file.path}: ${name}: ${outside} does not fit i32`, {
      path: file.path,
      field: name,
      given: outside,
    });
  }
  return empty(shape, { ...options, dtype: wide.dtype }).write(values);
}

/**
 * Writes tensors to a safetensors file under their names; the file appears when it is whole.
 *
 * @throws {QorusError} `unsupported` for quantized tensors, `aborted` when the signal ends the
 * writing, `io`.
 */
export async function saveSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  options: SaveOptions = {},
): Promise<void> {
  const metadata = new Map(Object.entries({ format: "pt", ...options.metadata }));
  const writable = [...tensors].map(([name, x]): WritableTensor => ({
    name,
    dtype: x.dtype,
    layout: x.layout,
    shape: x.shape,
    *chunks() {
      yield bytesOf(x);
    },
  }));
  await writeSafetensors(path, metadata, writable, options);
}

function bytesOf(x: Tensor): Uint8Array {
  using _ = scope();
  const { buffer, byteOffset, byteLength } = x.contiguous().read();
  return new Uint8Array(buffer, byteOffset, byteLength);
}
