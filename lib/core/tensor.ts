/**
 * Tensors: handles to memory that the native library owns.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import { realNumber, stale, unexpected } from "./arguments.ts";
import { type Context, context } from "./context.ts";
import { descriptorIndex, type DescriptorTable, isLastingIndex } from "./descriptor.ts";
import { byteLengthOf, type DType } from "./dtype.ts";
import { type BackwardOptions, type GradientNode, noGrad, record, walkTape } from "./gradient.ts";
import { printTensor } from "./print.ts";
import { dimensionOf, inferSize, inverse, sliceRange } from "./shapes.ts";
import {
  type NestedNumbers,
  nestNumbers,
  type TensorData,
  toNumbers,
  viewAs,
  writeNumbers,
} from "./tensor_data.ts";

let setHandle: (tensor: Tensor, handle: number) => void;

/**
 * An n-dimensional array in memory of the native library, row-major, outermost dimension first.
 *
 * Tensors made inside a {@linkcode scope} end with it. They are made by functions such as
 * `tensor()` and by operations, not with `new`.
 */
export class Tensor implements Disposable {
  /** The native library's number for this tensor. */
  readonly handle: number;
  /** Whether gradients flow to this tensor. Set it on tensors that are to be learned. */
  requiresGrad = false;
  /** The gradient, after `backward()`: f32, shaped like the tensor. */
  grad: Tensor | undefined = undefined;
  /** Memory of a gradient that `zeroGrad` dropped: the next one is written there. */
  spareGrad: Tensor | undefined = undefined;
  /** How the tensor was computed, while its tape is kept. */
  node: GradientNode | undefined = undefined;
  readonly #context: Context;
  readonly #table: DescriptorTable;
  #index: number;
  #generation: number;

  /** Wraps a handle that an export returned. */
  constructor(handle: number) {
    this.handle = handle;
    this.#context = context();
    this.#table = this.#context.descriptors;
    this.#index = descriptorIndex(handle);
    this.#generation = this.#table.generation(this.#index);
  }

  static {
    setHandle = (tensor, handle) => {
      (tensor as { handle: number }).handle = handle;
      tensor.#index = descriptorIndex(handle);
      tensor.#generation = tensor.#table.generation(tensor.#index);
    };
  }

  /** Whether the tensor's memory is still its own. */
  get isLive(): boolean {
    return this.#table.generation(this.#index) === this.#generation;
  }

  /** Whether the tensor outlives scopes: it lies in a state arena or in a file. */
  get isLasting(): boolean {
    return isLastingIndex(this.#index);
  }

  /** Number of dimensions. */
  get rank(): number {
    return this.#table.rank(this.#liveIndex());
  }

  /** Sizes, outermost first. */
  get shape(): number[] {
    return this.#table.shape(this.#liveIndex());
  }

  /** Steps between neighbours of each dimension, in bytes. */
  get strides(): number[] {
    return this.#table.strides(this.#liveIndex());
  }

  /** Number of elements. */
  get size(): number {
    return this.#table.elementCount(this.#liveIndex());
  }

  /** Element type. */
  get dtype(): DType {
    return this.#table.dtype(this.#liveIndex());
  }

  /** Arrangement of the elements: `rows16` for quantized weights made ready for the kernels. */
  get layout(): "rows" | "rows16" {
    return this.#table.layout(this.#liveIndex());
  }

  /** Where the tensor lives; only the CPU so far. */
  get device(): "cpu" {
    return "cpu";
  }

  /** Whether the elements lie one behind the other in row-major order. */
  get isContiguous(): boolean {
    return this.#table.isContiguous(this.#liveIndex());
  }

  /** Whether the memory cannot be written: it belongs to a mapped file, or `expand` shares it. */
  get isReadOnly(): boolean {
    return this.#table.isReadOnly(this.#liveIndex());
  }

  /** Bytes that the elements take. */
  get byteLength(): number {
    const { shape } = this;
    if (this.layout === "rows16") shape[0] = Math.ceil(shape[0] / 16) * 16;
    return byteLengthOf(this.dtype, shape);
  }

  /** Address of the first element. */
  get address(): number {
    return this.#table.address(this.#liveIndex());
  }

  /**
   * The elements without a copy: an array over the native memory, in row-major order. Quantized
   * tensors give their blocks as bytes. When the tensor ends, the array becomes empty.
   *
   * Each access makes a new view (about 450 ns): keep it while you use it.
   *
   * @throws {QorusError} `invalid_layout` when the tensor is a view that is not contiguous.
   */
  get data(): TensorData {
    const buffer = this.#buffer("data");
    this.#context.exportBuffer(this.#index, this.#generation, buffer);
    return viewAs(this.dtype, buffer);
  }

  #buffer(op: string): ArrayBuffer {
    if (this.layout === "rows" && !this.isContiguous) {
      throw new QorusError(
        "invalid_layout",
        `${op}: the tensor [${this.shape}] is a view that is not contiguous; ` +
          "call contiguous() first",
        { op },
      );
    }
    return this.#context.view(this.address, this.byteLength);
  }

  /**
   * Copies numbers into the tensor.
   *
   * @throws {QorusError} `invalid_shape` when the count differs from the tensor's.
   */
  write(values: ArrayLike<number>): this {
    writeNumbers(values, this.#buffer("write"), this.shape, this.dtype);
    return this;
  }

  /** Copies the elements out of the native memory. */
  read(): TensorData {
    return viewAs(this.dtype, this.#buffer("read")).slice();
  }

  /**
   * The value of a tensor of one element.
   *
   * @throws {QorusError} `invalid_shape` when there is not exactly one.
   */
  item(): number {
    if (this.size !== 1) {
      throw new QorusError("invalid_shape", `item: [${this.shape}] has not one element`, {
        op: "item",
        given: this.shape,
      });
    }
    return this.#numbers("item")[0];
  }

  /** The elements as nested arrays of numbers, shaped like the tensor. */
  toArray(): NestedNumbers {
    return nestNumbers(this.#numbers("toArray"), this.shape);
  }

  #numbers(op: string): Float32Array | Int32Array | Uint8Array {
    return toNumbers(op, this.dtype, this.contiguous().read());
  }

  /**
   * A view in another shape with as many elements; one size may be -1 and is computed.
   *
   * @throws {QorusError} `invalid_layout` when the tensor is not contiguous: use `reshape`.
   */
  view(shape: readonly number[]): Tensor {
    const view = this.#view(inferSize(shape, this.size, "view"));
    if (!this.requiresGrad) return view;
    const { shape: original } = this;
    return record("view", view, [this], (gradient) => [gradient.reshape(original)]);
  }

  /** The tensor in another shape: a view where it is contiguous, else a copy in scratch. */
  reshape(shape: readonly number[]): Tensor {
    return this.contiguous().view(shape);
  }

  #view(sizes: readonly number[]): Tensor {
    this.#context.writeSizes(sizes, "view");
    return wrap(this.#context.native.q_reshape(handleOf(this, "view"), sizes.length), "view");
  }

  /** A view with dimensions in another order: `order[i]` is the dimension that comes to place i. */
  permute(order: readonly number[]): Tensor {
    this.#context.writeSizes(order, "permute");
    const handle = handleOf(this, "permute");
    const view = wrap(this.#context.native.q_permute(handle, order.length), "permute");
    if (!this.requiresGrad) return view;
    return record("permute", view, [this], (gradient) => [gradient.permute(inverse(order))]);
  }

  /** A view with two dimensions exchanged; negative dimensions count from the end. */
  transpose(first: number, second: number): Tensor {
    const { rank } = this;
    const order = new Array<number>(rank);
    for (let i = 0; i < rank; i++) order[i] = i;
    const [a, b] = [dimensionOf(first, rank, "transpose"), dimensionOf(second, rank, "transpose")];
    order[a] = b;
    order[b] = a;
    return this.permute(order);
  }

  /** A view of elements `start` to before `end` of one dimension, every `step`th. */
  slice(dimension: number, start: number, end: number, step = 1): Tensor {
    const along = dimensionOf(dimension, this.rank, "slice");
    const size = this.#table.size(this.#liveIndex(), along);
    const [from, to] = sliceRange({ start, end, step }, along, size);
    const length = Math.ceil((to - from) / step);
    const handle = handleOf(this, "slice");
    const { native } = this.#context;
    const view = wrap(native.q_slice(handle, along, from, length, step), "slice");
    if (!this.requiresGrad) return view;
    const { shape } = this;
    return record("slice", view, [this], (gradient) => {
      const whole = zeroFloats(shape);
      whole.slice(along, from, to, step).copyFrom(gradient);
      return [whole];
    });
  }

  /** A read-only view that repeats dimensions of size 1 up to `shape`, without a copy. */
  expand(shape: readonly number[]): Tensor {
    this.#context.writeSizes(shape, "expand");
    const handle = handleOf(this, "expand");
    const view = wrap(this.#context.native.q_expand(handle, shape.length), "expand");
    if (!this.requiresGrad) return view;
    const { shape: original } = this;
    return record("expand", view, [this], (gradient) => [sumTo(gradient, original)]);
  }

  /** The tensor itself when it is contiguous, else a row-major copy in scratch. */
  contiguous(): Tensor {
    if (this.isContiguous) return this;
    const copy = wrap(this.#context.native.q_copy(handleOf(this, "contiguous"), 0), "contiguous");
    return this.requiresGrad ? record("contiguous", copy, [this], (gradient) => [gradient]) : copy;
  }

  /**
   * Computes the gradients of this tensor with respect to everything it was computed from that
   * requires one; see `backward`.
   */
  backward(options: BackwardOptions = {}): void {
    walkTape(this, options);
  }

  /** The same memory, without the tape behind it. */
  detach(): Tensor {
    return noGrad(() => this.permute(this.shape.map((_, i) => i)));
  }

  /**
   * Drops the gradient: `grad` is undefined until the next `backward()`, which writes over the old
   * one's memory.
   */
  zeroGrad(): void {
    if (this.grad !== undefined) this.spareGrad = this.grad;
    this.grad = undefined;
  }

  /** Puts the operation that made this tensor on the tape. */
  attach(node: GradientNode): void {
    this.node = node;
    this.requiresGrad = true;
  }

  /** Copies the elements of `source`, which has the same shape and dtype. */
  copyFrom(source: Tensor): this {
    const { native } = this.#context;
    this.#context.check(
      native.q_copy(handleOf(source, "copyFrom"), handleOf(this, "copyFrom")),
      "copyFrom",
    );
    return this;
  }

  /** Writes `value` to every element. */
  fill(value: number): this {
    const handle = handleOf(this, "fill");
    const number = realNumber(value, "value", "fill");
    this.#context.check(this.#context.native.q_fill(handle, number), "fill");
    return this;
  }

  /** Gives the tensor a name for error messages, and returns it. */
  named(name: string): this {
    const length = this.#context.writeText(name, "named");
    this.#context.check(
      this.#context.native.q_tensor_name(handleOf(this, "named"), length),
      "named",
    );
    return this;
  }

  /** Ends a tensor that lives outside of scopes; one inside a scope ends with it. */
  [Symbol.dispose](): void {
    if (!this.isLive) return;
    this.#context.native.q_tensor_free(this.handle);
    this.#context.detachEnded();
  }

  /**
   * Shape, dtype, device and numbers; of more than 1,000 only the outermost of each dimension.
   * Quantized tensors show no numbers.
   */
  toString(): string {
    return printTensor(this);
  }

  /** What runtimes print for a tensor. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** What Deno prints for a tensor. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  #liveIndex(): number {
    if (!this.isLive) throw stale("tensor");
    return this.#index;
  }
}

/** Makes a tensor stand for another handle, which has the same shape and elements. */
export function moveTo(tensor: Tensor, handle: number): void {
  setHandle(tensor, handle);
}

/**
 * The handle of a tensor for a call.
 *
 * @throws {QorusError} `stale_handle` when the tensor has ended, `invalid_argument` when it is
 * none.
 */
export function handleOf(tensor: Tensor, op: string): number {
  if (tensor?.isLive) return tensor.handle;
  throw tensor instanceof Tensor ? stale(op) : unexpected(tensor, "a tensor", undefined, op);
}

/** Throws, as {@linkcode handleOf}, unless it is a tensor that has not ended. */
export function checkTensor(tensor: Tensor, op: string): void {
  handleOf(tensor, op);
}

/** Makes a tensor of what an export returned, or throws the error that it reports. */
export function wrap(result: number, op: string): Tensor {
  return new Tensor(context().check(result, op));
}

/** Sums what broadcasting repeated: the gradient of a tensor of `shape` that was expanded. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  const library = context();
  library.writeSizes(shape, "sumTo");
  return wrap(library.native.q_sum_to(handleOf(x, "sumTo"), shape.length), "sumTo");
}

function zeroFloats(shape: readonly number[]): Tensor {
  const library = context();
  library.writeSizes(shape, "zeros");
  return wrap(library.native.q_tensor_create(0, 0, 0, shape.length), "zeros").fill(0);
}
