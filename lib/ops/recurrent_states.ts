/**
 * The states of a recurrence over time.
 *
 * @module
 */

import { empty } from "../core/creation.ts";
import { checkTensor, type Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { add } from "./elementwise.ts";

/** How a sequence is read: its sizes and its direction. */
export interface SequenceShape {
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  readonly reverse: boolean;
}

/** `[steps + 1, batch, hidden]`: the initial state and what each step made of it, in time. */
export class States {
  /** All of them. */
  readonly all: Tensor;
  readonly #shape: SequenceShape;

  /** Takes memory with undefined contents. */
  constructor(shape: SequenceShape) {
    this.#shape = shape;
    this.all = empty([shape.steps + 1, shape.batch, shape.hidden]);
  }

  #at(slot: number): Tensor {
    const { batch, hidden } = this.#shape;
    return this.all.slice(0, slot, slot + 1).view([batch, hidden]);
  }

  /** `[batch, hidden]`: in front of the first step. */
  get initial(): Tensor {
    return this.#at(this.#shape.reverse ? this.#shape.steps : 0);
  }

  /** `[batch, hidden]`: behind the last step. */
  get final(): Tensor {
    return this.#at(this.#shape.reverse ? 0 : this.#shape.steps);
  }

  /** `[steps, batch, hidden]`: behind each step. */
  get outputs(): Tensor {
    const start = this.#shape.reverse ? 0 : 1;
    return this.all.slice(0, start, start + this.#shape.steps);
  }

  /** `[steps * batch, hidden]`: in front of each step. */
  get previous(): Tensor {
    const { steps, batch, hidden, reverse } = this.#shape;
    const start = reverse ? 1 : 0;
    return this.all.slice(0, start, start + steps).view([steps * batch, hidden]);
  }

  /** Sets the initial state, zeros when there is none. */
  start(state: Tensor | undefined, op: string, field: string): this {
    if (state === undefined) {
      this.initial.fill(0);
      return this;
    }
    checkTensor(state, op);
    const { batch, hidden } = this.#shape;
    const { shape } = state;
    if (shape.length !== 2 || shape[0] !== batch || shape[1] !== hidden) {
      throw new QorusError(
        "invalid_shape",
        `${op}: ${field} is [${shape.join(", ")}], expected [${batch}, ${hidden}]`,
        { op, field, given: shape, expected: [batch, hidden] },
      );
    }
    this.initial.copyFrom(state);
    return this;
  }

  /** Sets gradients that reach the states from outside; undefined ones are zeros. */
  receive(ofOutputs: Tensor | undefined, ofFinal: Tensor | undefined): this {
    this.initial.fill(0);
    if (ofOutputs === undefined) this.outputs.fill(0);
    else this.outputs.copyFrom(ofOutputs);
    const { final } = this;
    if (ofFinal !== undefined) add(final, ofFinal, { out: final });
    return this;
  }
}
