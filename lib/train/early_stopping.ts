/**
 * Ending a run that gets no better.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import type { Module } from "../nn/module.ts";
import type { Json, Stateful } from "./checkpoint/state.ts";
import { WeightCopy } from "./weight_copy.ts";

const op = "EarlyStopping";

/** Options of {@linkcode EarlyStopping}. */
export interface EarlyStoppingOptions {
  /** How many values in a row may bring no improvement before the run ends. Default 3. */
  patience?: number;
  /** By how much more than this a value must be better to count. Default 0. */
  minDelta?: number;
  /** Whether less or more is better. Default `min`. */
  mode?: "min" | "max";
  /** Keep the weights of the best value, which `restore` brings back. Default: false. */
  restoreBest?: boolean;
}

/**
 * Watches a number, such as the loss on validation data, and says when it has not become better for
 * `patience` values (Prechelt 1998). NaN counts as no improvement.
 *
 * @example
 * ```ts
 * import { nn, train } from "@qorus/qorus";
 *
 * using model = new nn.Linear(8, 2);
 * using stopping = new train.EarlyStopping({ patience: 2, restoreBest: true }, model);
 * for (const loss of [1.0, 0.5, 0.6, 0.7]) {
 *   if (stopping.update(loss)) break;
 * }
 * stopping.restore(); // the weights as they were when the loss was 0.5
 * ```
 */
export class EarlyStopping implements Stateful<Json>, Disposable {
  readonly #patience: number;
  readonly #minDelta: number;
  readonly #mode: "min" | "max";
  readonly #copy: WeightCopy | undefined;
  #best = NaN;
  #bestCount = 0;
  #count = 0;

  /**
   * Starts without a value.
   *
   * @param model whose weights are kept with `restoreBest`
   * @throws {QorusError} `invalid_argument` when an option is out of its range, or `restoreBest`
   * has no model.
   */
  constructor(options: EarlyStoppingOptions = {}, model?: Module<unknown>) {
    const { patience = 3, minDelta = 0, mode = "min", restoreBest = false } = options;
    check("patience", patience, Number.isInteger(patience) && patience >= 1, "1, 2, 3 or more");
    check("minDelta", minDelta, minDelta >= 0 && minDelta < Infinity, "0 or more");
    check("mode", mode, mode === "min" || mode === "max", "min or max");
    check("restoreBest", restoreBest, !restoreBest || model !== undefined, "the model beside it");
    this.#patience = patience;
    this.#minDelta = minDelta;
    this.#mode = mode;
    this.#copy = restoreBest && model !== undefined ? new WeightCopy(model) : undefined;
  }

  /**
   * Takes the next value.
   *
   * @returns whether it is time to stop
   */
  update(value: number): boolean {
    this.#count++;
    if (this.#isBetter(value)) {
      this.#best = value;
      this.#bestCount = this.#count;
      this.#copy?.store();
    }
    return this.isStopped;
  }

  #isBetter(value: number): boolean {
    if (Number.isNaN(this.#best)) return !Number.isNaN(value);
    return this.#mode === "min"
      ? value < this.#best - this.#minDelta
      : value > this.#best + this.#minDelta;
  }

  /** Whether the last `patience` values were no improvement. */
  get isStopped(): boolean {
    return this.badCount >= this.#patience;
  }

  /** The best value; NaN before there is one. */
  get best(): number {
    return this.#best;
  }

  /** How many values have come since the best one. */
  get badCount(): number {
    return this.#count - this.#bestCount;
  }

  /** The weights of the best value by name, where they are kept; for checkpoints. */
  get tensors(): ReadonlyMap<string, Tensor> {
    return this.#copy?.tensors ?? new Map();
  }

  /** Gives the model the weights of the best value, where they are kept and there is one. */
  restore(): void {
    if (this.#bestCount > 0) this.#copy?.restore();
  }

  /** What a later run needs to go on, besides `tensors`. */
  stateDict(): Json {
    // JSON has no NaN, which the best value is before the first one.
    const counts = { bestCount: this.#bestCount, count: this.#count };
    return this.#bestCount > 0 ? { best: this.#best, ...counts } : counts;
  }

  /**
   * Goes on from a state.
   *
   * @throws {QorusError} `invalid_argument` when it is none of this class.
   */
  loadStateDict(state: Json): void {
    const { best, bestCount, count } = state as Record<string, Json>;
    if (typeof bestCount !== "number" || typeof count !== "number") {
      throw new QorusError(
        "invalid_argument",
        `${op}: ${JSON.stringify(state)} is no state of it`,
        {
          op,
          given: state,
        },
      );
    }
    this.#best = typeof best === "number" ? best : NaN;
    this.#bestCount = bestCount;
    this.#count = count;
  }

  /** Gives the memory of the best weights back. */
  [Symbol.dispose](): void {
    this.#copy?.[Symbol.dispose]();
  }
}

function check(field: string, given: unknown, isRight: boolean, expected: string): void {
  if (isRight) return;
  throw new QorusError("invalid_argument", `${op}: ${field} is ${given}, expected ${expected}`, {
    op,
    field,
    given,
    expected,
  });
}
