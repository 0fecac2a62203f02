/**
 * Weights kept aside.
 *
 * @module
 */

import { StateArena } from "../core/state.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Module } from "../nn/module.ts";

/**
 * A copy of a model's parameters and buffers in memory of its own, to go back to.
 *
 * @example
 * ```ts
 * import { nn, train } from "@qorus/qorus";
 *
 * using model = new nn.Linear(8, 2);
 * using best = new train.WeightCopy(model);
 * // ... train on, and where that made things worse:
 * best.restore();
 * ```
 */
export class WeightCopy implements Disposable {
  /** The copies by their names in the state dict. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #model: Module<unknown>;
  readonly #arena: StateArena;

  /** Copies the model's weights. */
  constructor(model: Module<unknown>) {
    const state = [...model.stateDict()];
    const bytes = state.reduce((sum, [, { byteLength }]) => sum + byteLength + 64, 0);
    this.#model = model;
    this.#arena = new StateArena(Math.max(1, bytes));
    this.tensors = new Map(
      state.map(([name, { shape, dtype, layout }]) => [
        name,
        this.#arena.empty(shape, dtype, layout),
      ]),
    );
    this.store();
  }

  /** Copies the weights as they are now. */
  store(): void {
    const state = this.#model.stateDict();
    for (const [name, copy] of this.tensors) copy.copyFrom(state.get(name)!);
  }

  /** Brings the weights back to what they were at the last `store`. */
  restore(): void {
    this.#model.loadStateDict(this.tensors);
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#arena[Symbol.dispose]();
  }
}
