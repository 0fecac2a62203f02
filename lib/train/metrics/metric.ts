/**
 * What a metric is.
 *
 * @module
 */

import type { Tensor } from "../../core/tensor.ts";
import type { Batch } from "../batches.ts";

/** A number about a model's outputs, gathered over many batches. */
export interface Metric<Output = Tensor, B extends Batch = Batch> {
  /** Its name in logs, such as `accuracy`. */
  readonly name: string;
  /** Whether larger numbers are better. */
  readonly higherIsBetter: boolean;
  /** Takes a batch in. It runs in the batch's scope, without recording. */
  update(output: Output, batch: B): void;
  /** The number over all batches since the last `reset`. */
  compute(): number;
  /** Forgets all batches. */
  reset(): void;
}
