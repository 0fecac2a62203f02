/**
 * Tables of a module's layers.
 *
 * @module
 */

import { noGrad } from "../core/gradient.ts";
import { scope } from "../core/scope.ts";
import { Tensor } from "../core/tensor.ts";
import type { Module } from "./module.ts";
import type { ModuleTensor } from "./module_tensor.ts";

/** A module with its name and how deep it lies. */
interface Layer {
  readonly name: string;
  readonly module: Module<unknown>;
  readonly depth: number;
}

/** The table that `Module.summary` gives. */
export function summarize(module: Module<unknown>, inputs: readonly unknown[]): string {
  const layers = [...walk(module, module.constructor.name, 0)];
  const outputs = inputs.length > 0 ? outputShapes(layers, inputs) : undefined;
  const heads = ["layer", "kind", outputs ? "output" : "shapes", "parameters", "bytes"];
  const rows = layers.map(({ name, module: layer, depth }) => {
    const own = ownTensors(layer);
    const shapes = outputs?.get(layer) ?? own.map(({ shape }) => `[${shape.join(", ")}]`);
    return [
      "  ".repeat(depth) + name,
      depth === 0 ? "" : layer.constructor.name,
      (typeof shapes === "string" ? [shapes] : shapes).join(" "),
      format(count(layer.parameters())),
      format(bytes(layer)),
    ];
  });
  const learned = module.parameters().filter(({ requiresGrad }) => requiresGrad);
  const total = `${format(count(module.parameters()))} parameters, ` +
    `${format(count(learned))} of them learned, ${format(bytes(module))} bytes`;
  return `${layOut([heads, ...rows])}\n${total}`;
}

function* walk(module: Module<unknown>, name: string, depth: number): Generator<Layer> {
  yield { name, module, depth };
  for (const [child, inner] of module.namedChildren()) yield* walk(inner, child, depth + 1);
}

/** Parameters and buffers that are not a child's. */
function ownTensors(module: Module<unknown>): ModuleTensor[] {
  const inner = new Set([...module.namedChildren()].flatMap(([, child]) => allTensors(child)));
  return allTensors(module).filter((tensor) => !inner.has(tensor));
}

function allTensors(module: Module<unknown>): ModuleTensor[] {
  const buffers = [...module.namedBuffers()].map(([, buffer]) => buffer);
  return [...new Set<ModuleTensor>([...module.parameters(), ...buffers])];
}

function count(tensors: readonly ModuleTensor[]): number {
  return tensors.reduce((sum, { size }) => sum + size, 0);
}

function bytes(module: Module<unknown>): number {
  return allTensors(module).reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Runs the first layer's `forward` and watches what every layer returns. */
function outputShapes(
  layers: readonly Layer[],
  inputs: readonly unknown[],
): Map<Module<unknown>, string> {
  using _ = scope();
  const outputs = new Map<Module<unknown>, string>();
  const modes = layers.map(({ module }) => module.training);
  const root = layers[0].module;
  root.eval();
  for (const { module } of layers) watch(module, (shape) => outputs.set(module, shape));
  try {
    noGrad(() => root.forward(...inputs as [Tensor, ...never[]]));
  } finally {
    for (const [i, { module }] of layers.entries()) {
      Reflect.deleteProperty(module, "forward");
      module.training = modes[i];
    }
  }
  return outputs;
}

/** Puts a `forward` in front of the class's, which tells the shape of what that one returns. */
function watch(module: Module<unknown>, seen: (shape: string) => void): void {
  const value = (...inputs: [Tensor, ...never[]]): unknown => {
    const output: unknown = Object.getPrototypeOf(module).forward.apply(module, inputs);
    const parts = output instanceof Tensor ? [output] : Object.values(output ?? {}).flat();
    const tensors = parts.filter((part): part is Tensor => part instanceof Tensor);
    seen(tensors.map(({ shape }) => `[${shape.join(", ")}]`).join(" "));
    return output;
  };
  Object.defineProperty(module, "forward", { value, configurable: true });
}

function format(value: number): string {
  return value.toLocaleString("en-US");
}

/** Columns of equal width: text to the left, numbers to the right. */
function layOut(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => i < 3 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ")
  );
  return lines.map((line) => line.trimEnd()).join("\n");
}
