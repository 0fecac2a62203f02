/**
 * Modules in a list.
 *
 * @module
 */

import { unexpected } from "../core/arguments.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { Module } from "./module.ts";

/**
 * A list of modules that grows, numbered in the state dict. A plain array in a property of a module
 * does the same; this is for lists that are modules of their own.
 *
 * @example
 * ```ts
 * import { nn, type Tensor } from "@qorus/qorus";
 *
 * class Tower extends nn.Module {
 *   readonly floors = new nn.ModuleList([new nn.Linear(8, 8), new nn.Linear(8, 8)]);
 *   forward(x: Tensor): Tensor {
 *     return [...this.floors].reduce((given, floor) => floor.forward(given), x);
 *   }
 * }
 * ```
 */
export class ModuleList<Item extends Module = Module> extends Module {
  readonly #items: Item[] = [];

  /** Takes the first modules. */
  constructor(modules: Iterable<Item> = []) {
    super();
    if (typeof modules?.[Symbol.iterator] !== "function") {
      throw unexpected(modules, "modules that can be walked through", "modules", "ModuleList");
    }
    for (const module of modules) this.push(module);
  }

  /** Number of modules. */
  get length(): number {
    return this.#items.length;
  }

  /** Appends a module and returns the new length. */
  push(module: Item): number {
    Object.defineProperty(this, this.#items.length, { value: module, enumerable: true });
    return this.#items.push(module);
  }

  /** The module at a place; negative places count from the end. */
  at(index: number): Item | undefined {
    return this.#items.at(index);
  }

  /** The modules in order. */
  [Symbol.iterator](): IterableIterator<Item> {
    return this.#items.values();
  }

  /** A list computes nothing by itself: call its modules. */
  forward(_: Tensor): Tensor {
    throw new QorusError("invalid_argument", "ModuleList: has no forward; call its modules", {
      op: "ModuleList",
    });
  }
}
