/**
 * How often a classifier is right.
 *
 * @module
 */

import { arange, tensor } from "../../core/creation.ts";
import type { Tensor } from "../../core/tensor.ts";
import { QorusError } from "../../native/error.ts";
import { add, equal, greaterEqual, less, mul } from "../../ops/elementwise.ts";
import { gather } from "../../ops/indexing.ts";
import { argmax, sum } from "../../ops/reduction.ts";
import type { Batch } from "../batches.ts";
import { type ClassMetricOptions, type ClassRows, classRows } from "./class_rows.ts";
import type { Metric } from "./metric.ts";

/** Options of {@linkcode Accuracy}. */
export interface AccuracyOptions<Output = Tensor, B extends Batch = Batch>
  extends ClassMetricOptions<Output, B> {
  /** The right class must be among this many most likely ones. Default 1. */
  k?: number;
  /** Name in logs. Default `accuracy`, or `top_5_accuracy` for k = 5. */
  name?: string;
}

/**
 * The share of rows whose right class is the most likely one, or among the `k` most likely; from 0
 * to 1, NaN when there are no rows. Of equal logits the first counts as more likely, as `argmax`
 * has it.
 *
 * @example
 * ```ts
 * import { scope, tensor, train } from "@qorus/qorus";
 *
 * using _ = scope();
 * const accuracy = new train.Accuracy();
 * const y = tensor([0, 2], { dtype: "i32" });
 * accuracy.update(tensor([[2, 0, 0], [0, 1, 0]]), { y });
 * console.log(accuracy.compute()); // 0.5
 * ```
 */
export class Accuracy<Output = Tensor, B extends Batch = Batch> implements Metric<Output, B> {
  /** Its name in logs. */
  readonly name: string;
  /** More is better. */
  readonly higherIsBetter = true;
  readonly #options: AccuracyOptions<Output, B>;
  readonly #k: number;
  #right = 0;
  #count = 0;

  /**
   * Takes the options.
   *
   * @throws {QorusError} `invalid_argument` when `k` is no whole number of at least 1.
   */
  constructor(options: AccuracyOptions<Output, B> = {}) {
    const { k = 1 } = options;
    if (!Number.isInteger(k) || k < 1) {
      throw new QorusError(
        "invalid_argument",
        `Accuracy: k is ${k}, expected a whole number of at least 1`,
        { op: "Accuracy", field: "k", given: k },
      );
    }
    this.#options = options;
    this.#k = k;
    this.name = options.name ?? (k === 1 ? "accuracy" : `top_${k}_accuracy`);
  }

  /** Takes a batch in; throws what the options say about logits and target. */
  update(output: Output, batch: B): void {
    const rows = classRows("Accuracy", output, batch, this.#options);
    this.#right += this.#k === 1 ? countFirst(rows) : countAmong(rows, this.#k);
    this.#count += rows.count;
  }

  /** The share of right rows. */
  compute(): number {
    return this.#right / this.#count;
  }

  /** Forgets all batches. */
  reset(): void {
    this.#right = 0;
    this.#count = 0;
  }
}

/** Rows whose largest logit is that of the right class. */
function countFirst({ logits, labels }: ClassRows): number {
  if (labels.length === 0) return 0;
  const found = argmax(logits, { axis: 1 }).read();
  let right = 0;
  for (let i = 0; i < labels.length; i++) right += Number(found[i] === labels[i]);
  return right;
}

/** Rows in which fewer than k classes are more likely than the right one. */
function countAmong({ logits, labels }: ClassRows, k: number): number {
  const [rows, classes] = logits.shape;
  if (rows === 0) return 0;
  const chosen = labels.map((label) => Math.max(label, 0));
  const own = gather(logits, 1, tensor(chosen, { shape: [rows, 1] }));
  const position = tensor(Float32Array.from(chosen), { shape: [rows, 1] });
  // Counted the other way around, NaN is never less likely.
  const isLater = greaterEqual(arange(0, classes), position);
  const lessLikely = add(less(logits, own), mul(equal(logits, own), isLater));
  const counts = sum(lessLikely, { axes: 1 }).read();
  let right = 0;
  for (let i = 0; i < rows; i++) {
    if (chosen[i] === labels[i] && classes - counts[i] < k) right++;
  }
  return right;
}
