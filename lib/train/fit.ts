/**
 * A training loop that is ready to use.
 *
 * @module
 */

import type { Module } from "../nn/module.ts";
import type { Batch } from "./batches.ts";
import type { FitOptions, FitResult } from "./fit/options.ts";
import { FitRun } from "./fit/run.ts";
import type { OutputOf } from "./forward.ts";

/**
 * Trains a model: forward pass, loss, backward pass and update for each batch of each epoch, with
 * validation, schedules, early stopping and logs as the options say.
 *
 * Each batch has a scope of its own. With `accumulate`, gradients are the mean over that many
 * batches; what is left at the end of an epoch is averaged by its number, and no update spans two
 * epochs. Signals and timers get their turn every few milliseconds. The same seeds give the same
 * losses, bit by bit, on both runtimes and any number of threads.
 *
 * @returns what came of it: steps, epochs, a record of each epoch, the best number
 * @throws {QorusError} `invalid_argument` for options that cannot be, data without batches and
 * batches that lack a field; `diverged` when the loss becomes NaN or infinite; what model, loss,
 * data and callbacks throw.
 *
 * @example
 * ```ts
 * import { fit, mseLoss, nn, optim, tensor } from "@qorus/qorus";
 *
 * using model = new nn.Linear(1, 1);
 * using optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
 * const { history } = await fit(model, {
 *   data: [{ x: tensor([[0], [1], [2]]), y: tensor([[1], [3], [5]]) }],
 *   loss: (output, { y }) => mseLoss(output, y),
 *   optimizer,
 *   epochs: 100,
 * });
 * console.log(history.at(-1)?.values.loss);
 * ```
 */
export async function fit<M extends Module<unknown>, B extends Batch, Output = OutputOf<M>>(
  model: M,
  options: FitOptions<M, B, Output>,
): Promise<FitResult> {
  using run = new FitRun(model, options);
  return await run.run();
}
