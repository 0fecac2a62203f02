/**
 * Arenas for what outlives scopes.
 *
 * @module
 */

import { context } from "./context.ts";
import { empty } from "./creation.ts";
import type { DType } from "./dtype.ts";
import type { Tensor } from "./tensor.ts";

/** An arena of its own, for a model's caches and repacked weights: given back as a whole. */
export class StateArena implements Disposable {
  #id: number;

  /**
   * Reserves address space; memory is used as tensors are written.
   *
   * @param capacityBytes most bytes that the arena can hold
   */
  constructor(capacityBytes: number) {
    this.#id = context().createState(capacityBytes);
  }

  /** The arena's number, for `CreateOptions.state`. */
  get id(): number {
    return this.#id;
  }

  /** A tensor in this arena, with undefined contents. */
  empty(shape: readonly number[], dtype: DType = "f32", layout?: "rows" | "rows16"): Tensor {
    return empty(shape, { dtype, layout, state: this.#id });
  }

  /** Gives the memory back; the arena's tensors end. */
  [Symbol.dispose](): void {
    if (this.#id === 0) return;
    context().check(context().native.q_state_free(this.#id), "state");
    this.#id = 0;
    context().detachEnded();
  }
}
