/**
 * The tensors of a batch, and where in them each sample lies.
 *
 * @module
 */

import { StateArena } from "../../core/state.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { FieldMemory, Fields, SampleMemory } from "./dataset.ts";
import { elementBytes, elementCount, recordOf } from "./fields.ts";

/** Arenas give out memory in multiples of this. */
const alignmentBytes = 64;

/** Memory for a batch of a certain size, taken once and written over by each batch. */
export class BatchMemory<Name extends string> implements Disposable {
  /** Samples of the batch. */
  readonly count: number;
  /** The tensors, each `[count, ...]`. */
  readonly tensors: Readonly<Record<Name, Tensor>>;
  /** Views of each sample's memory: making one takes longer than writing a small sample. */
  readonly samples: readonly SampleMemory<Name>[];
  readonly #arena: StateArena;
  readonly #arrays: readonly FieldMemory[];

  /** Takes an arena of its own, whatever scope is open. */
  constructor(fields: Fields<Name>, names: readonly Name[], count: number) {
    this.count = count;
    const bytes = names.map((name) => {
      const tight = count * elementCount(fields[name]) * elementBytes[fields[name].dtype];
      return Math.ceil(tight / alignmentBytes) * alignmentBytes;
    });
    this.#arena = new StateArena(bytes.reduce((sum, each) => sum + each, 0));
    const tensors = names.map((name) =>
      this.#arena.empty([count, ...fields[name].shape], fields[name].dtype)
    );
    const arrays = tensors.map((tensor) => tensor.data as FieldMemory);
    this.#arrays = arrays;
    this.tensors = recordOf(names, (i) => tensors[i]);
    this.samples = Array.from({ length: count }, (_, row) =>
      recordOf(names, (i) => {
        const size = arrays[i].length / count;
        return arrays[i].subarray(row * size, (row + 1) * size);
      }));
  }

  /** Copies the first samples of a larger batch. */
  copyFrom(batch: BatchMemory<Name>): void {
    for (const [i, array] of this.#arrays.entries()) {
      array.set(batch.#arrays[i].subarray(0, array.length));
    }
  }

  /** Ends the tensors. */
  [Symbol.dispose](): void {
    this.#arena[Symbol.dispose]();
  }
}
