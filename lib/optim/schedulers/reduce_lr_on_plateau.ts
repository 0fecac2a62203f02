/**
 * Learning rates that fall when a metric no longer gets better.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import {
  checkNumber,
  numberOf,
  numbersOf,
  perGroup,
  type Schedulable,
  type SchedulerState,
} from "./scheduler.ts";

/** Options of {@linkcode ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether less or more is better. Default `min`. */
  mode?: "min" | "max";
  /** Factor of each fall, below 1. Default 0.1. */
  factor?: number;
  /** Steps without improvement that are let pass. Default 10. */
  patience?: number;
  /** How much better the metric must be. Default 1e-4. */
  threshold?: number;
  /** Whether the threshold is a share of the best metric or a difference. Default `rel`. */
  thresholdMode?: "rel" | "abs";
  /** Steps after a fall in which none is counted as bad. Default 0. */
  cooldown?: number;
  /** The lowest learning rate, for all groups or for each. Default 0. */
  minLr?: number | readonly number[];
  /** Falls by less than this are left out. Default 1e-8. */
  epsilon?: number;
}

const name = "ReduceLROnPlateau";

/**
 * Multiplies the learning rate by `factor` when a metric, such as the loss on validation data, has
 * not improved for more than `patience` steps. NaN counts as no improvement.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 */
export class ReduceLROnPlateau {
  readonly #optimizer: Schedulable;
  readonly #options: Required<ReduceLROnPlateauOptions>;
  readonly #lowest: readonly number[];
  #best: number;
  #badCount = 0;
  #cooldownCount = 0;
  #lastEpoch = 0;

  /** Begins with the optimizer's own learning rates. */
  constructor(optimizer: Schedulable, options: ReduceLROnPlateauOptions = {}) {
    this.#optimizer = optimizer;
    this.#options = {
      mode: options.mode ?? "min",
      factor: options.factor ?? 0.1,
      patience: options.patience ?? 10,
      threshold: options.threshold ?? 1e-4,
      thresholdMode: options.thresholdMode ?? "rel",
      cooldown: options.cooldown ?? 0,
      minLr: options.minLr ?? 0,
      epsilon: options.epsilon ?? 1e-8,
    };
    const { factor, patience, threshold, cooldown, minLr, epsilon, mode } = this.#options;
    checkNumber(name, "factor", factor, 0);
    if (factor >= 1) {
      throw new QorusError("invalid_argument", `${name}: factor is ${factor}, expected below 1`, {
        op: name,
        field: "factor",
        given: factor,
      });
    }
    checkNumber(name, "patience", patience, 0, true);
    checkNumber(name, "threshold", threshold, 0);
    checkNumber(name, "cooldown", cooldown, 0, true);
    checkNumber(name, "epsilon", epsilon, 0);
    this.#lowest = perGroup(name, "minLr", minLr, optimizer);
    this.#best = worst(mode);
  }

  /** Steps taken. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }

  /** The groups' learning rates. */
  get learningRates(): number[] {
    return this.#optimizer.groups.map(({ options }) => options.lr);
  }

  /** Goes on by one step with the metric that it reached. */
  step(metric: number): void {
    this.#lastEpoch++;
    if (this.#isBetter(metric)) {
      this.#best = metric;
      this.#badCount = 0;
    } else {
      this.#badCount++;
    }
    if (this.#cooldownCount > 0) {
      this.#cooldownCount--;
      this.#badCount = 0;
    }
    if (this.#badCount <= this.#options.patience) return;
    this.#reduce();
    this.#cooldownCount = this.#options.cooldown;
    this.#badCount = 0;
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const best = this.#best;
    if (thresholdMode === "abs") {
      return mode === "min" ? metric < best - threshold : metric > best + threshold;
    }
    return mode === "min" ? metric < best * (1 - threshold) : metric > best * (1 + threshold);
  }

  #reduce(): void {
    const { factor, epsilon } = this.#options;
    for (const [i, { options }] of this.#optimizer.groups.entries()) {
      const reduced = Math.max(options.lr * factor, this.#lowest[i]);
      if (options.lr - reduced > epsilon) options.lr = reduced;
    }
  }

  /** What a later run needs to go on. */
  stateDict(): SchedulerState {
    return {
      // JSON has no infinity, which the best metric is before the first step.
      ...(Number.isFinite(this.#best) ? { best: this.#best } : {}),
      badCount: this.#badCount,
      cooldownCount: this.#cooldownCount,
      lastEpoch: this.#lastEpoch,
      learningRates: this.learningRates,
    };
  }

  /**
   * Goes on from a state, and sets the learning rates that belong to it.
   *
   * @throws {QorusError} `invalid_argument` when the state is of another number of groups.
   */
  loadStateDict(state: SchedulerState): void {
    const { groups } = this.#optimizer;
    const rates = numbersOf(state, "learningRates", groups.length);
    const [best, badCount, cooldownCount, lastEpoch] = [
      "best" in state ? numberOf(state, "best") : worst(this.#options.mode),
      numberOf(state, "badCount"),
      numberOf(state, "cooldownCount"),
      numberOf(state, "lastEpoch"),
    ];
    this.#best = best;
    this.#badCount = badCount;
    this.#cooldownCount = cooldownCount;
    this.#lastEpoch = lastEpoch;
    for (const [i, { options }] of groups.entries()) options.lr = rates[i];
  }
}

function worst(mode: "min" | "max"): number {
  return mode === "min" ? Infinity : -Infinity;
}
