/**
 * Gradients that meet: which wait, what is added to what, and in whose memory.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import type { GradientNode, GradientPlace } from "../core/gradient.ts";
import { waitingGradients } from "../core/gradient_outputs.ts";
import type { Tensor } from "../core/tensor.ts";
import { add } from "../ops/elementwise.ts";
import { endAddress, type GradientMemory } from "./gradient_memory.ts";

/**
 * The gradients of a pass by the tensors that they belong to. Those of parameters and inputs go to
 * `grad` in the end, those in between to the operation that made the tensor.
 */
export class GradientSums {
  readonly #memory: GradientMemory;
  /** Where gradients go whose tensors end with a scope. */
  readonly #shortPlaces: ReadonlyMap<Tensor, Tensor>;
  readonly #sums = new Map<Tensor, Tensor>();

  /** Begins with the gradient of the result. */
  constructor(
    memory: GradientMemory,
    shortPlaces: ReadonlyMap<Tensor, Tensor>,
    result: Tensor,
    ofResult: Tensor,
  ) {
    this.#memory = memory;
    this.#shortPlaces = shortPlaces;
    this.#sums.set(result, ofResult);
  }

  /** All gradients that somebody will use. */
  *needed(): Generator<Tensor> {
    yield* this.#sums.values();
    yield* waitingGradients();
  }

  /** The gradient of a tensor, which does not wait here any more. */
  take(tensor: Tensor): Tensor | undefined {
    const gradient = this.#sums.get(tensor);
    this.#sums.delete(tensor);
    return gradient;
  }

  /**
   * Goes through an operation: adds the gradients that it computes to those of its inputs.
   *
   * @returns the last tensor that it made, if any
   */
  propagate(node: GradientNode, gradient: Tensor): Tensor | undefined {
    const given = new Array<Tensor | undefined>(node.inputs.length).fill(undefined);
    const gradients = node.backward!(gradient, (i) => {
      const place = this.#placeOf(node.inputs[i], gradient);
      // An input that is there twice has one place: what comes second is added to the first.
      if (place === undefined || given.includes(place.tensor)) return undefined;
      given[i] = place.tensor;
      return place;
    });
    let latest: Tensor | undefined;
    for (const [i, input] of node.inputs.entries()) {
      const inputGradient = gradients[i];
      if (!input.requiresGrad || inputGradient === undefined) continue;
      if (inputGradient === given[i]) {
        if (!this.#sums.has(input)) keepIn(input, inputGradient);
      } else {
        latest = this.#add(input, inputGradient);
      }
    }
    return latest;
  }

  /** Adds to the gradient of a tensor that no operation made. */
  accumulate(leaf: Tensor, gradient: Tensor): void {
    const place = this.#leafPlace(leaf);
    if (leaf.grad === place) add(place, gradient, { out: place });
    else keepIn(leaf, place.copyFrom(gradient));
  }

  #add(input: Tensor, gradient: Tensor): Tensor {
    const earlier = this.#sums.get(input);
    let sum = gradient;
    if (earlier !== undefined) {
      const out = this.#isApart(earlier, gradient) ? earlier : undefined;
      sum = add(earlier, gradient, { out });
    }
    this.#sums.set(input, sum);
    return sum;
  }

  /** Where an operation may leave the gradient of an input, given that of its result. */
  #placeOf(input: Tensor, gradient: Tensor): GradientPlace | undefined {
    if (!input.requiresGrad) return undefined;
    const earlier = this.#sums.get(input);
    if (earlier !== undefined) {
      return this.#isApart(earlier, gradient) ? { tensor: earlier, holds: true } : undefined;
    }
    if (input.node !== undefined) return undefined;
    const tensor = this.#leafPlace(input);
    if (!tensor.isContiguous || overlap(tensor, gradient)) return undefined;
    return { tensor, holds: tensor === input.grad };
  }

  /** Where the gradient of a tensor that no operation made is, or comes to be. */
  #leafPlace(leaf: Tensor): Tensor {
    return this.#shortPlaces.get(leaf) ?? placeOfLeaf(leaf);
  }

  /** Whether nobody but the sum itself needs its memory, so that it can be changed. */
  #isApart(sum: Tensor, gradient: Tensor): boolean {
    if (!sum.isContiguous || !this.#memory.has(sum) || overlap(sum, gradient)) return false;
    let uses = 0;
    for (const other of this.#sums.values()) {
      if (other === sum) uses++;
      else if (overlap(other, sum)) return false;
    }
    for (const other of waitingGradients()) if (overlap(other, sum)) return false;
    return uses === 1;
  }
}

/** Where the gradient of a tensor that no operation made is; made where there is none. */
export function placeOfLeaf(leaf: Tensor): Tensor {
  if (leaf.grad?.isLive) return leaf.grad;
  if (leaf.spareGrad?.isLive) return leaf.spareGrad;
  return empty(leaf.shape, { state: leaf.isLasting ? context().defaultState() : 0 });
}

function keepIn(leaf: Tensor, place: Tensor): void {
  leaf.spareGrad = undefined;
  leaf.grad = place;
}

/** Whether two tensors may have memory in common: their ends are compared. */
function overlap(a: Tensor, b: Tensor): boolean {
  return a.address < endAddress(b) && b.address < endAddress(a);
}
