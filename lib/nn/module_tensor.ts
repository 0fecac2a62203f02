/**
 * What parameters and buffers have in common.
 *
 * @module
 */

import { wholeNumber } from "../core/arguments.ts";
import type { DType } from "../core/dtype.ts";
import { noGrad } from "../core/gradient.ts";
import { scope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { convert, to } from "../ops/convert.ts";

let replacements = 0;

/** How often a module's tensor has been made, replaced or ended: who keeps handles of them asks. */
export function replacementCount(): number {
  return replacements;
}

/**
 * A tensor that belongs to a module and to its state dict. Its initial values are computed on first
 * use, so that a model whose tensors are taken from a file never pays for them.
 */
export abstract class ModuleTensor implements Disposable {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  #tensor: Tensor | undefined;
  readonly #initialize: () => Tensor;

  /**
   * Makes it without values.
   *
   * @param shape sizes, outermost first
   * @param initialize makes the initial tensor in a state arena
   * @throws {QorusError} `invalid_argument` when a size is no whole number.
   */
  constructor(shape: readonly number[], initialize: () => Tensor) {
    for (const size of shape) wholeNumber(size, `a size of [${shape}]`, new.target.name);
    this.shape = shape;
    this.#initialize = initialize;
  }

  /** The tensor, if it has been used or replaced already. */
  protected get existing(): Tensor | undefined {
    return this.#tensor;
  }

  /** The values. */
  get tensor(): Tensor {
    return this.#tensor ?? this.#begin(this.#initialize());
  }

  /**
   * Replaces the values by a tensor of the same shape, which is used as it is.
   *
   * @throws {QorusError} `invalid_shape` when the shapes differ.
   */
  set tensor(replacement: Tensor) {
    this.checkShape(replacement);
    replacements++;
    this.#tensor = replacement;
    this.replaced(replacement);
  }

  /**
   * Copies the values of a tensor of the same shape, converted where its dtype is another.
   *
   * @throws {QorusError} `invalid_shape` when the shapes differ, `invalid_dtype` when the dtype
   * cannot be converted, `invalid_argument` when the values lie in a file that is only mapped.
   */
  copyFrom(source: Tensor): void {
    this.checkShape(source);
    const target = this.#target();
    if (source.dtype === target.dtype && source.layout === target.layout) target.copyFrom(source);
    else convertInto(source, target);
  }

  /** The tensor to be written over: initial values are not computed for it. */
  #target(): Tensor {
    return this.#tensor ?? this.#begin(this.blank() ?? this.#initialize());
  }

  #begin(tensor: Tensor): Tensor {
    replacements++;
    this.#tensor = tensor;
    this.initialized(tensor);
    return tensor;
  }

  /** A tensor for values that are about to be copied; undefined takes the initial one. */
  protected abstract blank(): Tensor | undefined;

  /** Called with the initial tensor. */
  protected abstract initialized(tensor: Tensor): void;

  /** Called with a tensor that took the place of another. */
  protected abstract replaced(tensor: Tensor): void;

  /** Throws unless the tensor has this one's shape; `name` is for the message. */
  checkShape({ shape }: Tensor, name = "parameter"): void {
    if (shape.length === this.shape.length && shape.every((size, i) => size === this.shape[i])) {
      return;
    }
    throw new QorusError(
      "invalid_shape",
      `${name}: a tensor of [${shape}] was given for one of [${this.shape}]`,
      { field: name, given: shape, expected: this.shape },
    );
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** Element type, once there are values. */
  get dtype(): DType | undefined {
    return this.#tensor?.dtype;
  }

  /** Bytes that the values take, or will take once they are used. */
  get byteLength(): number {
    return this.#tensor?.byteLength ?? 4 * this.size;
  }

  /** Ends the tensor, if there is one. */
  [Symbol.dispose](): void {
    replacements++;
    this.#tensor?.[Symbol.dispose]();
    this.#tensor = undefined;
  }
}

/** Converts numbers of one dtype to another; integers go by way of JavaScript's numbers. */
function convertInto(source: Tensor, target: Tensor): void {
  using _ = scope();
  const isInteger = ({ dtype }: Tensor) => dtype === "i32" || dtype === "u8";
  if (!isInteger(source) && !isInteger(target)) {
    noGrad(() => convertNumbers(source, target));
  } else if (target.dtype === "f32" || isInteger(target)) {
    target.write(source.reshape([-1]).toArray() as number[]);
  } else {
    throw new QorusError(
      "invalid_dtype",
      `loadStateDict: ${source.dtype} cannot be copied to ${target.dtype}`,
      { op: "loadStateDict", given: source.dtype, expected: target.dtype },
    );
  }
}

/**
 * Converts between dtypes of numbers and their layouts; the native library changes one at a time.
 */
function convertNumbers(source: Tensor, target: Tensor): void {
  const rows = source.layout === "rows" ? source.contiguous() : to(source, source.dtype);
  const isInterleaved = target.layout === "rows16" && source.dtype !== target.dtype;
  convert(isInterleaved ? to(rows, target.dtype) : rows, target);
}
