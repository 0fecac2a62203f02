/**
 * The mean of a loss.
 *
 * @module
 */

import type { Tensor } from "../../core/tensor.ts";
import { QorusError } from "../../native/error.ts";
import { type Batch, sampleCount } from "../batches.ts";
import { Mean } from "../meters/mean.ts";
import type { Metric } from "./metric.ts";

/** A function from a model's output and its batch to a tensor of one element. */
export type LossFunction<Output = Tensor, B extends Batch = Batch> = (
  output: Output,
  batch: B,
) => Tensor;

/**
 * The mean of a loss, or of anything that is one number for each batch, over all samples: a batch
 * counts as many times as it has samples. NaN when there are none.
 *
 * @example
 * ```ts
 * import { l1Loss, type Tensor, tensor, train } from "@qorus/qorus";
 *
 * const error = new train.MeanLoss(
 *   (output: Tensor, { y }: { y: Tensor }) => l1Loss(output, y),
 *   { name: "absolute_error" },
 * );
 * error.update(tensor([1, 2]), { y: tensor([1, 4]) });
 * console.log(error.compute()); // 1
 * ```
 */
export class MeanLoss<Output = Tensor, B extends Batch = Batch> implements Metric<Output, B> {
  /** Its name in logs. */
  readonly name: string;
  /** Whether larger numbers are better. */
  readonly higherIsBetter: boolean;
  readonly #loss: LossFunction<Output, B>;
  readonly #mean = new Mean();

  /**
   * Takes the function.
   *
   * @param options `name`: name in logs, default `loss`; `higherIsBetter`: default false
   */
  constructor(
    loss: LossFunction<Output, B>,
    options: { name?: string; higherIsBetter?: boolean } = {},
  ) {
    this.#loss = loss;
    this.name = options.name ?? "loss";
    this.higherIsBetter = options.higherIsBetter ?? false;
  }

  /**
   * Takes a batch in.
   *
   * @throws {QorusError} `invalid_argument` or `invalid_shape` unless the function gives a tensor
   * of one element.
   */
  update(output: Output, batch: B): void {
    this.#mean.add(checkLoss(this.#loss(output, batch)).item(), sampleCount(batch));
  }

  /** The mean over all samples. */
  compute(): number {
    return this.#mean.value;
  }

  /** Forgets all batches. */
  reset(): void {
    this.#mean.reset();
  }
}

/** Returns a loss that is one, or throws an error that says what to do. */
export function checkLoss(loss: Tensor): Tensor {
  // Programs in plain JavaScript return anything.
  const given: unknown = loss;
  if (typeof given !== "object" || given === null || !("handle" in given)) {
    throw new QorusError(
      "invalid_argument",
      `loss: the function gave ${given === undefined ? "nothing" : String(given)}, expected a ` +
        "tensor of one element: return what crossEntropy, mseLoss and the like give",
      { op: "loss", given },
    );
  }
  if (loss.size === 1) return loss;
  throw new QorusError(
    "invalid_shape",
    `loss: the function gave a tensor of [${loss.shape}], expected one element: take its mean() ` +
      'or sum(), or leave out reduction: "none"',
    { op: "loss", given: loss.shape, expected: [] },
  );
}
