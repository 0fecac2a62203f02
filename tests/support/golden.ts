/**
 * Golden values: what tools/golden/make_golden.py wrote, as tensors.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { empty, tensor } from "../../lib/core/creation.ts";
import { type DType, dtypes } from "../../lib/core/dtype.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { readSafetensors } from "../../lib/formats/safetensors.ts";
import type { StoredTensor } from "../../lib/formats/types.ts";

/** Numbers that a golden file holds. */
export type GoldenNumbers = Float32Array | Int32Array | Uint8Array;

/** The cases of one family: tensors under names such as `softmax_odd/expected`. */
export class GoldenFile {
  readonly #bytes: Uint8Array;
  readonly #tensors: ReadonlyMap<string, StoredTensor>;

  /** Reads `tests/golden/data/FAMILY.safetensors`. */
  constructor(readonly family: string) {
    const path = fileURLToPath(new URL(`../golden/data/${family}.safetensors`, import.meta.url));
    this.#bytes = new Uint8Array(readFileSync(path));
    this.#tensors = readSafetensors(path).tensors;
  }

  /** Names of the cases. */
  get cases(): Set<string> {
    return new Set([...this.#tensors.keys()].map((name) => name.slice(0, name.indexOf("/"))));
  }

  /** Whether there is such a tensor. */
  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** Names of a case's tensors that start with `prefix`, without it. */
  names(prefix: string): string[] {
    const names = [...this.#tensors.keys()].filter((name) => name.startsWith(prefix));
    return names.map((name) => name.slice(prefix.length));
  }

  /** Shape and numbers of a tensor. */
  stored(name: string): { shape: readonly number[]; numbers: GoldenNumbers } {
    const found = this.#tensors.get(name);
    if (found === undefined) throw new Error(`no golden tensor ${name}`);
    // A copy begins at a multiple of 8, which the file does not promise.
    const { buffer } = this.#bytes.slice(found.offset, found.offset + found.byteLength);
    const numbers = found.dtype === "f32"
      ? new Float32Array(buffer)
      : found.dtype === "i32"
      ? new Int32Array(buffer)
      : new Uint8Array(buffer);
    return { shape: found.shape, numbers };
  }

  /** A tensor in scratch. Types that safetensors or NumPy lack are stored as bytes: name them. */
  tensor(name: string, dtype?: DType): Tensor {
    const { shape, numbers } = this.stored(name);
    if (dtype === undefined || !(numbers instanceof Uint8Array)) return tensor(numbers, { shape });
    const { blockBytes, blockElements } = dtypes[dtype];
    const columns = shape[shape.length - 1] / blockBytes * blockElements;
    const isHalf = dtype === "f16" || dtype === "bf16";
    const values = isHalf ? new Uint16Array(numbers.buffer as ArrayBuffer) : numbers;
    return empty([...shape.slice(0, -1), columns], { dtype }).write(values);
  }
}
