/**
 * Memory of gradients that a backward pass does not need any more.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import { descriptorIndex } from "../core/descriptor.ts";
import { Scope } from "../core/scope.ts";
import { moveTo, type Tensor } from "../core/tensor.ts";

/** Bytes that are given back together: more than a processor's caches, so that moving is rare. */
const spareBytes = 64 * 2 ** 20;
/** zig/core/keep.zig: most tensors that are kept at a time. */
const mostKept = 256;

const indexOf = ({ handle }: Tensor): number => descriptorIndex(handle);

/**
 * A scope for all that a backward pass makes. When much of it is no longer needed, what still is
 * moves to the scope's start, and the rest is given back: a pass takes the memory of the gradients
 * that wait at a time, not of all that there ever were.
 */
export class GradientMemory implements Disposable {
  readonly #scope: Scope = new Scope();
  /** The scope's first tensor: where its descriptors and its memory begin. */
  readonly #first: Tensor = empty([0]);
  readonly #startAddress: number = this.#first.address;
  /** Bytes behind the start from which on it is worth looking what is needed. */
  #limitBytes = spareBytes;

  /** Whether all of a tensor's memory was taken since the pass began. */
  has(tensor: Tensor): boolean {
    return tensor.address >= this.#startAddress && endAddress(tensor) <= headAddress();
  }

  /**
   * Gives back what was made since the start, if it is much, but for the gradients that are needed.
   * Those stay the tensors that they are, somewhere else in memory.
   *
   * @param latest made a moment ago: tells how much there is
   * @param needed gives all that will be used later; what is older than the pass may be among it
   */
  trim(latest: Tensor, needed: () => Iterable<Tensor>): void {
    if (latest.address - this.#startAddress < this.#limitBytes) return;
    const firstIndex = indexOf(this.#first);
    const kept = [...new Set(needed())].filter((tensor) => indexOf(tensor) >= firstIndex);
    if (kept.length > mostKept) return;
    const movable = this.#inOrder(kept);
    const library = context();
    library.parameters.set(movable.map(({ handle }) => handle));
    library.check(library.native.q_scope_keep(this.#scope.depth, kept.length), "backward");
    const handles = library.parameters.slice(0, kept.length);
    library.detachEnded();
    let bytes = 0;
    for (const [i, tensor] of kept.entries()) {
      moveTo(tensor, handles[i]);
      bytes += tensor.byteLength;
    }
    this.#limitBytes = 2 * bytes + spareBytes;
  }

  /**
   * Sorts tensors by their places; gives what has memory of its own and can be moved, in the same
   * order: views of older memory, or that are not contiguous, or share memory, are copied.
   */
  #inOrder(kept: Tensor[]): Tensor[] {
    kept.sort((a, b) => a.address - b.address);
    const head = headAddress();
    let end = this.#startAddress;
    const isMovable = (tensor: Tensor): boolean => {
      const { address } = tensor;
      const isOwn = address >= end && address <= head && address % 64 === 0;
      if (!isOwn || !tensor.isContiguous) return false;
      end = address + tensor.byteLength;
      return true;
    };
    const [own, views]: [Tensor[], Tensor[]] = [[], []];
    for (const tensor of kept) (isMovable(tensor) ? own : views).push(tensor);
    kept.splice(0, kept.length, ...own, ...views);
    return [...own, ...views.map((view) => empty(view.shape).copyFrom(view))];
  }

  /** Gives everything back. */
  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}

/** Where scratch goes on: behind all that was made so far. */
function headAddress(): number {
  return empty([0]).address;
}

/** Address behind the last byte of an f32 tensor, wherever its elements lie. */
export function endAddress(tensor: Tensor): number {
  const { shape, strides } = tensor;
  let end = tensor.address + 4;
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === 0) return tensor.address;
    end += (shape[i] - 1) * strides[i];
  }
  return end;
}
