/**
 * Gradients: walking the tape backwards.
 *
 * @module
 */

import { checkOptions } from "../core/arguments.ts";
import { ones } from "../core/creation.ts";
import { type BackwardOptions, engine, noGrad } from "../core/gradient.ts";
import { dropWaitingGradients } from "../core/gradient_outputs.ts";
import { activePrecision, setPrecision } from "../core/precision.ts";
import { checkTensor, type Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { GradientMemory } from "./gradient_memory.ts";
import { GradientSums, placeOfLeaf } from "./gradient_sums.ts";

/**
 * Computes the gradients of `result` with respect to every tensor it was computed from that
 * requires one, and adds them to `grad` of those that no operation made (parameters and inputs).
 * Each operation's gradient is computed in the precision that the operation had; see `autocast`.
 *
 * Gradients in between live in scratch; `grad` of a tensor that outlives scopes is in state.
 *
 * @throws {QorusError} `invalid_argument` when nothing requires a gradient, when the tape was used
 * already, or when the result has several elements and no gradient is given.
 *
 * @example
 * ```ts
 * import { mul, sum, tensor } from "@qorus/qorus";
 *
 * const x = tensor([1, 2, 3]);
 * x.requiresGrad = true;
 * sum(mul(x, x)).backward();
 * console.log(x.grad?.toArray()); // [2, 4, 6]
 * ```
 */
export function backward(result: Tensor, options: BackwardOptions = {}): void {
  checkOptions(options, "backward");
  const { retainGraph = false } = options;
  checkResult(result, options.gradient);
  const precision = activePrecision();
  try {
    noGrad(() => walk(result, options.gradient, retainGraph));
  } catch (error) {
    dropWaitingGradients();
    throw error;
  } finally {
    setPrecision(precision);
  }
}

engine.backward = backward;

function walk(result: Tensor, ofResult: Tensor | undefined, retainGraph: boolean): void {
  const order = inReverse(result);
  // What outlives the pass in scratch is made before its scope begins.
  const places = new Map(order.filter(isShortLeaf).map((leaf) => [leaf, placeOfLeaf(leaf)]));
  using memory = new GradientMemory();
  const sums = new GradientSums(memory, places, result, ofResult ?? ones(result.shape));
  const needed = () => sums.needed();
  for (const tensor of order) {
    const gradient = sums.take(tensor);
    if (gradient === undefined) continue;
    const { node } = tensor;
    if (node === undefined) {
      sums.accumulate(tensor, gradient);
      continue;
    }
    if (node.backward === undefined) throw usedTwice(node.op);
    setPrecision(node.precision);
    const latest = sums.propagate(node, gradient);
    if (!retainGraph) node.backward = undefined;
    if (latest !== undefined) memory.trim(latest, needed);
  }
}

/** Whether no operation made it, and it ends with a scope. */
function isShortLeaf({ node, isLasting }: Tensor): boolean {
  return node === undefined && !isLasting;
}

/** Tensors from the result back, each before those that it was computed from. */
function inReverse(result: Tensor): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>([result]);
  // Depth first without recursion: a sequence model's tape is deeper than the stack.
  const path: { tensor: Tensor; next: number }[] = [{ tensor: result, next: 0 }];
  while (path.length > 0) {
    const top = path[path.length - 1];
    const inputs = top.tensor.node?.inputs ?? [];
    if (top.next === inputs.length) {
      order.push(top.tensor);
      path.pop();
      continue;
    }
    const input = inputs[top.next++];
    if (!input.requiresGrad || seen.has(input)) continue;
    seen.add(input);
    path.push({ tensor: input, next: 0 });
  }
  return order.reverse();
}

function checkResult(result: Tensor, gradient: Tensor | undefined): void {
  checkTensor(result, "backward");
  if (gradient !== undefined) checkTensor(gradient, "backward");
  if (!result.requiresGrad) {
    throw new QorusError(
      "invalid_argument",
      "backward: nothing that the result was computed from requires a gradient: set requiresGrad " +
        "before computing, and do not compute inside noGrad()",
      { op: "backward" },
    );
  }
  const shape = result.shape.join(", ");
  const matches = gradient === undefined ? result.size === 1 : gradient.shape.join(", ") === shape;
  if (matches) return;
  throw new QorusError(
    "invalid_shape",
    gradient === undefined
      ? `backward: the result is [${shape}]: give its gradient, or reduce it to one element`
      : `backward: the gradient is [${gradient.shape.join(", ")}], the result [${shape}]`,
    { op: "backward", given: gradient?.shape, expected: result.shape },
  );
}

function usedTwice(op: string): QorusError {
  return new QorusError(
    "invalid_argument",
    `backward: the tape of ${op} has been used already: compute the result again, or keep the ` +
      "tape with retainGraph",
    { op: "backward" },
  );
}
