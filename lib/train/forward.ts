/**
 * How training calls a model.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import type { Module } from "../nn/module.ts";
import type { Batch } from "./batches.ts";

/** Computes a model's output for a batch. */
export type Forward<M extends Module<unknown>, B extends Batch, Output> = (
  model: M,
  batch: B,
) => Output;

/** What `forward` of a module gives. */
export type OutputOf<M extends Module<unknown>> = ReturnType<M["forward"]>;

/** The given function, or one that calls the model with the batch's `x`. */
export function forwardOf<M extends Module<unknown>, B extends Batch, Output>(
  op: string,
  given: Forward<M, B, Output> | undefined,
): Forward<M, B, Output> {
  return given ?? ((model, batch) => {
    const x: Tensor | undefined = batch.x;
    if (x === undefined) {
      const names = Object.keys(batch).join(", ");
      throw new QorusError(
        "invalid_argument",
        `${op}: the batch has no field x; it has ${names}: say what the model is called with, as ` +
          `in forward: (model, batch) => model.forward(batch.${Object.keys(batch)[0]})`,
        { op, field: "forward" },
      );
    }
    return model.forward(x) as Output;
  });
}
