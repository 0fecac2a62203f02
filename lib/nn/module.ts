/**
 * What all layers have in common.
 *
 * @module
 */

import "../autograd/backward.ts";
import { scope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { Buffer } from "./buffer.ts";
import { ModuleTensor } from "./module_tensor.ts";
import { Parameter } from "./parameter.ts";
import { loadSafetensors, type SaveOptions, saveSafetensors } from "./state_file.ts";
import { summarize } from "./summary.ts";

/** How {@linkcode Module.loadStateDict} treats what it is given. */
export interface LoadStateOptions {
  /** Take the tensors over instead of copying their values. Default: false. */
  readonly assign?: boolean;
  /** Refuse names that are missing or not known. Default: true. */
  readonly strict?: boolean;
}

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
export abstract class Module<Output = Tensor> implements Disposable {
  /** Whether the module is being trained: batch norm and dropout ask. See {@linkcode train}. */
  training = true;

  /** Computes the layer's output: a tensor, or what a recurrent layer has beside it. */
  abstract forward(input: Tensor, ...more: never[]): Output;

  /** Tensors of this module and all inside, with their names in the state dict. */
  *#namedTensors(prefix = ""): Generator<[string, ModuleTensor]> {
    for (const [name, value] of this.#children(prefix)) {
      if (value instanceof ModuleTensor) yield [name, value];
      else yield* value.#namedTensors(`${name}.`);
    }
  }

  *#children(prefix: string): Generator<[string, ModuleTensor | Module<unknown>]> {
    for (const [property, value] of Object.entries(this)) {
      const name = prefix + snakeCase(property);
      if (isChild(value)) yield [name, value];
      if (!Array.isArray(value)) continue;
      for (const [i, item] of value.entries()) if (isChild(item)) yield [`${name}.${i}`, item];
    }
  }

  /** Modules directly inside this one, with their names. */
  *namedChildren(): Generator<[string, Module<unknown>]> {
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

  /** Parameters of this module and all inside, each once, also where several layers share it. */
  parameters(): Parameter[] {
    return [...new Set([...this.namedParameters()].map(([, parameter]) => parameter))];
  }

  /** The tensors of all parameters and buffers by name. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.#namedTensors()].map(([name, { tensor }]) => [name, tensor]));
  }

  /**
   * Copies values by name into the module's own tensors, converted where the dtype differs; with
   * `assign` the given tensors take their place, as they are. Wrong names or shapes leave the
   * module as it was.
   *
   * @throws {QorusError} `invalid_argument` when names are missing or left over (unless `strict` is
   * false), `invalid_shape` when a shape differs.
   *
   * @example
   * ```ts
   * import { nn, scope } from "@qorus/qorus";
   *
   * using [model, copy] = [new nn.Linear(8, 2), new nn.Linear(8, 2)];
   * copy.loadStateDict(model.stateDict());
   * ```
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>, options: LoadStateOptions = {}): void {
    const { assign = false, strict = true } = options;
    const tensors = new Map(this.#namedTensors());
    const known = [...tensors].filter(([name]) => state.has(name));
    if (strict) checkNames(tensors, state);
    for (const [name, tensor] of known) tensor.checkShape(state.get(name)!, name);
    for (const [name, tensor] of known) {
      if (assign) tensor.tensor = state.get(name)!;
      else tensor.copyFrom(state.get(name)!);
    }
  }

  /**
   * Writes the state dict to a safetensors file, which PyTorch and others read.
   *
   * @throws {QorusError} `unsupported` for quantized tensors, `io`.
   *
   * @example
   * ```ts
   * import { nn } from "@qorus/qorus";
   *
   * using model = new nn.Linear(8, 2);
   * await model.save("linear.safetensors");
   * model.load("linear.safetensors");
   * ```
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    await saveSafetensors(path, this.stateDict(), options);
  }

  /** Loads the state dict of a safetensors file; throws as `loadSafetensors`, `loadStateDict`. */
  load(path: string, options: Pick<LoadStateOptions, "strict"> = {}): void {
    using _ = scope();
    this.loadStateDict(loadSafetensors(path), options);
  }

  /**
   * A table of the layers with what they are, their parameters and bytes. Give the inputs of a call
   * of `forward` to see the shape of each layer's output too: they are run once, in mode `eval`.
   *
   * @example
   * ```ts
   * import { nn, scope, zeros } from "@qorus/qorus";
   *
   * using model = new nn.Linear(8, 2);
   * using _ = scope();
   * console.log(model.summary(zeros([1, 8])));
   * ```
   */
  summary(...inputs: unknown[]): string {
    return summarize(this, inputs);
  }

  /** Ends the tensors of all parameters and buffers. */
  [Symbol.dispose](): void {
    for (const [, tensor] of this.#namedTensors()) tensor[Symbol.dispose]();
  }
}

function checkNames(
  tensors: ReadonlyMap<string, ModuleTensor>,
  state: ReadonlyMap<string, Tensor>,
): void {
  const missing = [...tensors.keys()].filter((name) => !state.has(name));
  const unknown = [...state.keys()].filter((name) => !tensors.has(name));
  if (missing.length === 0 && unknown.length === 0) return;
  const list = (names: string[]) => names.length > 0 ? names.join(", ") : "none";
  throw new QorusError(
    "invalid_argument",
    `loadStateDict: missing: ${list(missing)}; not known to this module: ${list(unknown)}`,
    { op: "loadStateDict", given: [...state.keys()], expected: [...tensors.keys()] },
  );
}

function isChild(value: unknown): value is ModuleTensor | Module<unknown> {
  return value instanceof ModuleTensor || value instanceof Module;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
