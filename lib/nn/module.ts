/**
 * What all layers have in common.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { Parameter } from "./parameter.ts";

/**
 * A layer, or a model made of layers.
 *
 * Properties that are parameters, modules or arrays of modules are found by themselves; their names
 * in the state dict are PyTorch's: `selfAttn.qProj.weight` is `self_attn.q_proj.weight`.
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
  /** Computes the layer's output. */
  abstract forward(input: Tensor, ...more: never[]): Tensor;

  /** Parameters of this module and all inside, with their names in the state dict. */
  *namedParameters(prefix = ""): Generator<[string, Parameter]> {
    for (const [name, value] of this.#children(prefix)) {
      if (value instanceof Parameter) yield [name, value];
      else yield* value.namedParameters(`${name}.`);
    }
  }

  *#children(prefix: string): Generator<[string, Parameter | Module]> {
    for (const [property, value] of Object.entries(this)) {
      const name = prefix + snakeCase(property);
      if (value instanceof Parameter || value instanceof Module) yield [name, value];
      if (!Array.isArray(value)) continue;
      for (const [i, item] of value.entries()) {
        if (item instanceof Parameter || item instanceof Module) yield [`${name}.${i}`, item];
      }
    }
  }

  /** Parameters of this module and all inside. */
  parameters(): Parameter[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter);
  }

  /** The tensors of all parameters by name. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.namedParameters()].map(([name, { tensor }]) => [name, tensor]));
  }

  /**
   * Takes over tensors by name; they are not copied. What it refuses leaves the module as it was.
   *
   * @throws {QorusError} `invalid_argument` when names are missing or left over, `invalid_shape`
   * when a shape differs.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const parameters = new Map(this.namedParameters());
    const missing = [...parameters.keys()].filter((name) => !state.has(name));
    const unknown = [...state.keys()].filter((name) => !parameters.has(name));
    if (missing.length > 0 || unknown.length > 0) {
      const list = (names: string[]) => names.length > 0 ? names.join(", ") : "none";
      throw new QorusError(
        "invalid_argument",
        `loadStateDict: missing: ${list(missing)}; not known to this module: ${list(unknown)}`,
        { op: "loadStateDict", given: [...state.keys()], expected: [...parameters.keys()] },
      );
    }
    for (const [name, parameter] of parameters) parameter.checkShape(state.get(name)!, name);
    for (const [name, parameter] of parameters) parameter.tensor = state.get(name)!;
  }

  /** Ends the tensors of all parameters. */
  [Symbol.dispose](): void {
    for (const parameter of this.parameters()) parameter[Symbol.dispose]();
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
