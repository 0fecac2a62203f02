/**
 * Operands that outlive scopes; those of one case at a time.
 *
 * @module
 */

import type { Tensor } from "../../mod.ts";
import { random } from "../../lib/core/random.ts";
import { StateArena } from "../../lib/core/state.ts";

/** Holds the operands of one case. */
let arena = new StateArena(1);
const normals = Float32Array.from({ length: 1 << 16 }, () => random().normal());

/** Gives back the operands of the case before. */
export function forgetOperands(): void {
  arena[Symbol.dispose]();
  arena = new StateArena(2 ** 30);
}

/** Normal numbers. */
export function lasting(shape: readonly number[]): Tensor {
  const made = arena.empty(shape);
  const values = made.data as Float32Array;
  for (let start = 0; start < values.length; start += normals.length) {
    values.set(normals.subarray(0, values.length - start), start);
  }
  return made;
}

/** i32 `[count]`, a class for each row. */
export function classes(count: number, classCount: number): Tensor {
  const values = Int32Array.from({ length: count }, (_, i) => (i * 7919) % classCount);
  return arena.empty([count], "i32").write(values);
}
