/**
 * What all layers have in common.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { Buffer } from "./buffer.ts";
import { ModuleTensor } from "./module_tensor.ts";
import { Parameter } from "./parameter.ts";

/**
 * A layer, or a model made of layers.
 *
 * Properties that are parameters, buffers, modules or arrays of these are found by themselves;
 * their names in the state dict are PyTorch's: `selfAttn.qProj.weight` is
 * `self_attn.q_proj.weight`.
 *
 * @example
 * ```ts
 * import { nn, type Tensor } from "@qorus/qorus";
 *
 * class Gate extends nn.Module {
 *   readonly inner = new nn.Linear(8, 8);
 *   forward(x: Tensor): Tensor {
 *     return this.inner.forward(x);
 *   }
 * }
 * ```
 */
export abstract class Module implements Disposable {
  /** Whether the module is being trained: batch norm and dropout ask. See {@linkcode train}. */
  training = true;

  /** Computes the layer's output. */
  abstract forward(input: Tensor, ...more: never[]): Tensor;

  /** Tensors of this module and all inside, with their names in the state dict. */
  *#namedTensors(prefix = ""): Generator<[string, ModuleTensor]> {
    for (const [name, value] of this.#children(prefix)) {
      if (value instanceof ModuleTensor) yield [name, value];
      else yield* value.#namedTensors(`${name}.`);
    }
  }

  *#children(prefix: string): Generator<[string, ModuleTensor | Module]> {
    for (const [property, value] of Object.entries(this)) {
      const name = prefix + snakeCase(property);
      if (isChild(value)) yield [name, value];
      if (!Array.isArray(value)) continue;
      for (const [i, item] of value.entries()) if (isChild(item)) yield [`${name}.${i}`, item];
    }
  }

  /** Modules directly inside this one, with their names. */
  *namedChildren(): Generator<[string, Module]> {
    for (const [name, value] of this.#children("")) {
      if (value instanceof Module) yield [name, value];
    }
  }

  /** Parameters of this module and all inside, with their names in the state dict. */
  *namedParameters(prefix = ""): Generator<[string, Parameter]> {
    for (const [name, value] of this.#namedTensors(prefix)) {
      if (value instanceof Parameter) yield [name, value];
    }
  }

  /** Buffers of this module and all inside, with their names in the state dict. */
  *namedBuffers(prefix = ""): Generator<[string, Buffer]> {
    for (const [name, value] of this.#namedTensors(prefix)) {
      if (value instanceof Buffer) yield [name, value];
    }
  }

  /**
   * Makes this module and all inside train, or compute as after training: the two differ in batch
   * norm and dropout.
   */
  train(mode = true): this {
    this.training = mode;
    for (const [, child] of this.namedChildren()) child.train(mode);
    return this;
  }

  /** Makes this module and all inside compute as after training. */
  eval(): this {
    return this.train(false);
  }

  /** Parameters of this module and all inside. */
  parameters(): Parameter[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter);
  }

  /** The tensors of all parameters and buffers by name. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.#namedTensors()].map(([name, { tensor }]) => [name, tensor]));
  }

  /**
   * Takes over tensors by name; they are not copied. What it refuses leaves the module as it was.
   *
   * @throws {QorusError} `invalid_argument` when names are missing or left over, `invalid_shape`
   * when a shape differs.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const tensors = new Map(this.#namedTensors());
    const missing = [...tensors.keys()].filter((name) => !state.has(name));
    const unknown = [...state.keys()].filter((name) => !tensors.has(name));
    if (missing.length > 0 || unknown.length > 0) {
      const list = (names: string[]) => names.length > 0 ? names.join(", ") : "none";
      throw new QorusError(
        "invalid_argument",
        `loadStateDict: missing: ${list(missing)}; not known to this module: ${list(unknown)}`,
        { op: "loadStateDict", given: [...state.keys()], expected: [...tensors.keys()] },
      );
    }
    for (const [name, tensor] of tensors) tensor.checkShape(state.get(name)!, name);
    for (const [name, tensor] of tensors) tensor.tensor = state.get(name)!;
  }

  /** Ends the tensors of all parameters and buffers. */
  [Symbol.dispose](): void {
    for (const [, tensor] of this.#namedTensors()) tensor[Symbol.dispose]();
  }
}

function isChild(value: unknown): value is ModuleTensor | Module {
  return value instanceof ModuleTensor || value instanceof Module;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
