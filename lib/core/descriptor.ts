/**
 * Descriptors: what the native library keeps of each tensor, in one table that TypeScript reads.
 *
 * @module
 */

import { type DType, dtypes } from "./dtype.ts";

/** Arrangements of elements: `rows16` for quantized weights made ready for the kernels. */
export type Layout = "rows" | "rows16";

const dtypeNames = Object.keys(dtypes) as DType[];
const layouts: readonly Layout[] = ["rows", "rows16"];

// The table of zig/core/table.zig.
const capacity = 2 ** 18;
const firstScratchIndex = 2 ** 16;

// The layout of `Tensor` in zig/core/tensor.zig, in bytes or in words of 32 bits.
const descriptorBytes = 128;
const wordsPerDescriptor = descriptorBytes / 4;
const sizesWord = 4;
const stridesWord = 10;
const generationWord = 23;
const dtypeByte = 88;
const rankByte = 90;
const flagsByte = 91;

/** Bytes of the whole table. */
export const descriptorTableBytes = capacity * descriptorBytes;

/** The place of a handle's descriptor in the table. */
export function descriptorIndex(handle: number): number {
  return handle & (capacity - 1);
}

/** Whether the descriptor at a place belongs to a tensor in a state arena or in a file. */
export function isLastingIndex(index: number): boolean {
  return index < firstScratchIndex;
}

/** The table. It does not check whether a descriptor is in use: a tensor's generation tells. */
export class DescriptorTable {
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /** Reads the table in native memory, which has {@linkcode descriptorTableBytes}. */
  constructor(memory: ArrayBuffer) {
    this.#words = new Uint32Array(memory);
    this.#bytes = new Uint8Array(memory);
  }

  /** Counts the tensors that had the descriptor: a tensor has ended when it has changed. */
  generation(index: number): number {
    return this.#words[index * wordsPerDescriptor + generationWord];
  }

  /** Address of the first element. */
  address(index: number): number {
    return this.#pair(index * wordsPerDescriptor);
  }

  /** Number of dimensions. */
  rank(index: number): number {
    return this.#bytes[index * descriptorBytes + rankByte];
  }

  /** Size of one dimension, which must be there. */
  size(index: number, dimension: number): number {
    return this.#words[index * wordsPerDescriptor + sizesWord + dimension];
  }

  /** Sizes, outermost first. */
  shape(index: number): number[] {
    const sizes = new Array<number>(this.rank(index));
    for (let i = 0; i < sizes.length; i++) sizes[i] = this.size(index, i);
    return sizes;
  }

  /** Steps between neighbours of each dimension, in bytes. */
  strides(index: number): number[] {
    const steps = new Array<number>(this.rank(index));
    for (let i = 0; i < steps.length; i++) steps[i] = this.#stride(index, i);
    return steps;
  }

  /** Number of elements. */
  elementCount(index: number): number {
    let product = 1;
    for (let i = this.rank(index) - 1; i >= 0; i--) product *= this.size(index, i);
    return product;
  }

  /** Element type. */
  dtype(index: number): DType {
    return dtypeNames[this.#bytes[index * descriptorBytes + dtypeByte]];
  }

  /** Arrangement of the elements. */
  layout(index: number): Layout {
    return layouts[(this.#flags(index) >> 2) & 3];
  }

  /** Whether the memory cannot be written. */
  isReadOnly(index: number): boolean {
    return (this.#flags(index) & 2) !== 0;
  }

  /** Whether the elements lie one behind the other in row-major order. */
  isContiguous(index: number): boolean {
    if (this.layout(index) !== "rows") return false;
    const { blockElements, blockBytes } = dtypes[this.dtype(index)];
    const last = this.rank(index) - 1;
    let expected = blockBytes;
    for (let i = last; i >= 0; i--) {
      const size = this.size(index, i);
      if (size !== 1 && this.#stride(index, i) !== expected) return false;
      expected *= i === last ? size / blockElements : size;
    }
    return true;
  }

  #stride(index: number, dimension: number): number {
    return this.#pair(index * wordsPerDescriptor + stridesWord + 2 * dimension);
  }

  #flags(index: number): number {
    return this.#bytes[index * descriptorBytes + flagsByte];
  }

  /** A number of 64 bits, as exactly as JavaScript has it. */
  #pair(word: number): number {
    return this.#words[word] + this.#words[word + 1] * 2 ** 32;
  }
}
