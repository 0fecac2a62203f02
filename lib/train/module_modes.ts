/**
 * Modes of modules for a while.
 *
 * @module
 */

import type { Module } from "../nn/module.ts";

/**
 * Which of a model's modules train and which compute as after training, to be brought back later:
 * layers that a program has frozen stay so.
 */
export class ModuleModes implements Disposable {
  readonly #modes: readonly (readonly [Module<unknown>, boolean])[];

  /** Notes the modes of a model and all inside. */
  constructor(model: Module<unknown>) {
    this.#modes = [...modulesOf(model)].map((module) => [module, module.training]);
  }

  /** Brings the modes back. */
  [Symbol.dispose](): void {
    for (const [module, training] of this.#modes) module.training = training;
  }
}

function* modulesOf(module: Module<unknown>): Generator<Module<unknown>> {
  yield module;
  for (const [, child] of module.namedChildren()) yield* modulesOf(child);
}
