/**
 * How surprised a language model is.
 *
 * @module
 */

import type { Tensor } from "../../core/tensor.ts";
import { crossEntropy } from "../../ops/losses.ts";
import type { Batch } from "../batches.ts";
import { Mean } from "../meters/mean.ts";
import { type ClassMetricOptions, classRows } from "./class_rows.ts";
import type { Metric } from "./metric.ts";

/** Options of {@linkcode Perplexity}. */
export interface PerplexityOptions<Output = Tensor, B extends Batch = Batch>
  extends ClassMetricOptions<Output, B> {
  /** Name in logs. Default `perplexity`. */
  name?: string;
}

/**
 * The exponential of the mean cross entropy over all tokens: among how many equally likely tokens
 * the model hesitates. NaN when there are no tokens.
 *
 * @example
 * ```ts
 * import { scope, tensor, train } from "@qorus/qorus";
 *
 * using _ = scope();
 * const perplexity = new train.Perplexity();
 * const y = tensor([0, 2], { dtype: "i32" });
 * perplexity.update(tensor([[0, 0, 0], [0, 0, 0]]), { y });
 * console.log(perplexity.compute()); // 3
 * ```
 */
export class Perplexity<Output = Tensor, B extends Batch = Batch> implements Metric<Output, B> {
  /** Its name in logs. */
  readonly name: string;
  /** Less is better. */
  readonly higherIsBetter = false;
  readonly #options: PerplexityOptions<Output, B>;
  readonly #entropy = new Mean();

  /** Takes the options. */
  constructor(options: PerplexityOptions<Output, B> = {}) {
    this.#options = options;
    this.name = options.name ?? "perplexity";
  }

  /** Takes a batch in; throws what the options say about logits and target. */
  update(output: Output, batch: B): void {
    const { logits, target, count } = classRows("Perplexity", output, batch, this.#options);
    if (count === 0) return;
    const { ignoreIndex } = this.#options;
    this.#entropy.add(crossEntropy(logits, target, { ignoreIndex }).item(), count);
  }

  /** The perplexity over all batches. */
  compute(): number {
    return Math.exp(this.#entropy.value);
  }

  /** Forgets all batches. */
  reset(): void {
    this.#entropy.reset();
  }
}
