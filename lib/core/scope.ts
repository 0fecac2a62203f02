/**
 * Scopes: when one ends, every tensor made inside it ends too.
 *
 * @module
 */

import { context } from "./context.ts";

/** A span of work whose tensors end together; see {@linkcode scope}. */
export class Scope implements Disposable {
  #depth: number;

  /** Starts a scope. */
  constructor() {
    const { native } = context();
    this.#depth = context().check(native.q_scope_enter(), "scope");
  }

  /** Number of scopes around what runs in this one, itself included; 0 once it has ended. */
  get depth(): number {
    return this.#depth;
  }

  /** Ends the scope and every scope that was started inside it: one reset of the scratch arena. */
  [Symbol.dispose](): void {
    if (this.#depth === 0) return;
    const { native } = context();
    const result = native.q_scope_leave(this.#depth);
    this.#depth = 0;
    // An outer scope that ended first has ended this one as well.
    if (result !== -4) context().check(result, "scope");
    context().detachEnded();
  }
}

/**
 * Starts a scope. Tensors made until it is disposed live in the scratch arena and end with it;
 * using one later throws, and arrays taken from `tensor.data` become empty.
 *
 * @example
 * ```ts
 * import { add, scope, tensor } from "@qorus/qorus";
 *
 * {
 *   using step = scope();
 *   console.log(add(tensor([1, 2]), tensor([3, 4])).toArray()); // [4, 6]
 * } // both are gone here
 * ```
 */
export function scope(): Scope {
  return new Scope();
}
