/**
 * Which classes a classifier takes for which.
 *
 * @module
 */

import type { Tensor } from "../../core/tensor.ts";
import { QorusError } from "../../native/error.ts";
import { argmax } from "../../ops/reduction.ts";
import type { Batch } from "../batches.ts";
import { type ClassMetricOptions, classRows } from "./class_rows.ts";
import type { Metric } from "./metric.ts";

/** Options of {@linkcode ConfusionMatrix}. */
export interface ConfusionMatrixOptions<Output = Tensor, B extends Batch = Batch>
  extends ClassMetricOptions<Output, B> {
  /** Names of the classes for printing. Default: their numbers. */
  labels?: readonly string[];
  /** Name in logs. Default `balanced_accuracy`. */
  name?: string;
}

/**
 * Counts how often rows of each class were taken for each class. As a number it is the balanced
 * accuracy: the mean recall over the classes that occur.
 *
 * @example
 * ```ts
 * import { scope, tensor, train } from "@qorus/qorus";
 *
 * using _ = scope();
 * const matrix = new train.ConfusionMatrix({ labels: ["cat", "dog"] });
 * const y = tensor([0, 1, 1], { dtype: "i32" });
 * matrix.update(tensor([[2, 0], [1, 0], [0, 3]]), { y });
 * console.log(`${matrix}`);
 * ```
 */
export class ConfusionMatrix<Output = Tensor, B extends Batch = Batch>
  implements Metric<Output, B> {
  /** Its name in logs. */
  readonly name: string;
  /** More is better. */
  readonly higherIsBetter = true;
  readonly #options: ConfusionMatrixOptions<Output, B>;
  #counts = new Float64Array(0);
  #classes = 0;

  /** Takes the options. */
  constructor(options: ConfusionMatrixOptions<Output, B> = {}) {
    this.#options = options;
    this.name = options.name ?? "balanced_accuracy";
  }

  /**
   * Takes a batch in.
   *
   * @throws {QorusError} `invalid_shape` when the number of classes changes or is not that of the
   * labels, and what the options say about logits and target.
   */
  update(output: Output, batch: B): void {
    const { logits, labels, count } = classRows("ConfusionMatrix", output, batch, this.#options);
    this.#prepare(logits.shape[1]);
    if (count === 0) return;
    const found = argmax(logits, { axis: 1 }).read();
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] >= 0) this.#counts[labels[i] * this.#classes + found[i]]++;
    }
  }

  #prepare(classes: number): void {
    const expected = this.#classes || (this.#options.labels?.length ?? classes);
    if (classes !== expected) {
      throw new QorusError(
        "invalid_shape",
        `ConfusionMatrix: logits of ${classes} classes, expected ${expected}`,
        { op: "ConfusionMatrix", given: classes, expected },
      );
    }
    if (this.#classes > 0) return;
    this.#classes = classes;
    this.#counts = new Float64Array(classes * classes);
  }

  /** Number of classes; 0 before the first batch. */
  get classes(): number {
    return this.#classes;
  }

  /** How many rows of class `actual` were taken for class `predicted`. */
  count(actual: number, predicted: number): number {
    this.#check(actual);
    this.#check(predicted);
    return this.#counts[actual * this.#classes + predicted];
  }

  #check(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.#classes) return;
    throw new QorusError(
      "out_of_range",
      `ConfusionMatrix: class ${index}, expected 0 to ${this.#classes - 1}`,
      { op: "ConfusionMatrix", given: index },
    );
  }

  #actual(index: number): number {
    return this.#sum((other) => this.count(index, other));
  }

  #predicted(index: number): number {
    return this.#sum((other) => this.count(other, index));
  }

  #sum(countOf: (other: number) => number): number {
    let total = 0;
    for (let other = 0; other < this.#classes; other++) total += countOf(other);
    return total;
  }

  /** Of the rows of a class, the share that was found; NaN when there are none. */
  recall(index: number): number {
    return this.count(index, index) / this.#actual(index);
  }

  /** Of the rows taken for a class, the share that is of it; NaN when there are none. */
  precision(index: number): number {
    return this.count(index, index) / this.#predicted(index);
  }

  /** The harmonic mean of precision and recall; NaN when the class occurs nowhere. */
  f1(index: number): number {
    return 2 * this.count(index, index) / (this.#actual(index) + this.#predicted(index));
  }

  /** The balanced accuracy: the mean recall over the classes that occur; NaN when none does. */
  compute(): number {
    let [total, occurring] = [0, 0];
    for (let index = 0; index < this.#classes; index++) {
      if (this.#actual(index) === 0) continue;
      total += this.recall(index);
      occurring++;
    }
    return total / occurring;
  }

  /** Forgets all batches. */
  reset(): void {
    this.#counts.fill(0);
  }

  /** A table: a line for each actual class, a column for each predicted one, and recalls. */
  toString(): string {
    const names = Array.from(
      { length: this.#classes },
      (_, i) => this.#options.labels?.[i] ?? String(i),
    );
    const percent = (share: number) => Number.isNaN(share) ? "-" : (100 * share).toFixed(1);
    const lines = [
      ["", ...names, "recall %"],
      ...names.map((name, actual) => [
        name,
        ...names.map((_, predicted) => String(this.count(actual, predicted))),
        percent(this.recall(actual)),
      ]),
      ["precision %", ...names.map((_, i) => percent(this.precision(i))), percent(this.compute())],
    ];
    const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
    return lines.map((line) =>
      line.map((cell, i) => i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i])).join("  ")
    ).join("\n");
  }
}
