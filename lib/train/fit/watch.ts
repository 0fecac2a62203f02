/**
 * What follows from the numbers of a validation.
 *
 * @module
 */

import type { Module } from "../../nn/module.ts";
import { EarlyStopping } from "../early_stopping.ts";
import type { BestValue, FitEarlyStopping } from "./options.ts";
import type { FitProgress } from "./progress.ts";
import type { ScheduleDriver } from "./schedule.ts";

/** A metric as far as its name and direction go. */
type Direction = { readonly name: string; readonly higherIsBetter: boolean };

/** Watches measured numbers: the best of them, early stopping, schedules that follow them. */
export class Watch implements Disposable {
  /** Says when to stop, where that is asked. */
  readonly earlyStopping: EarlyStopping | undefined;
  /** The number that tells what is best. */
  readonly metric: string;
  /** Whether more of it is better. */
  readonly higherIsBetter: boolean;
  readonly #stoppingMetric: string;
  readonly #schedule: ScheduleDriver;
  readonly #progress: FitProgress;

  /**
   * Takes what is watched.
   *
   * @param bestMetric what the best checkpoint goes by, if anything
   */
  constructor(
    model: Module<unknown>,
    metrics: readonly Direction[],
    earlyStopping: FitEarlyStopping | undefined,
    bestMetric: string | undefined,
    schedule: ScheduleDriver,
    progress: FitProgress,
  ) {
    const higher = (name: string) =>
      metrics.some((metric) => metric.name === name && metric.higherIsBetter);
    this.#stoppingMetric = earlyStopping?.metric ?? "loss";
    this.metric = bestMetric ?? this.#stoppingMetric;
    this.higherIsBetter = higher(this.metric);
    this.#schedule = schedule;
    this.#progress = progress;
    if (earlyStopping === undefined) return;
    const mode = higher(this.#stoppingMetric) ? "max" : "min";
    this.earlyStopping = new EarlyStopping({ mode, ...withoutUndefined(earlyStopping) }, model);
  }

  /** Takes measured numbers in. */
  take(values: Readonly<Record<string, number>>): void {
    this.#progress.measured = values;
    this.#progress.measuredStep = this.#progress.step;
    this.earlyStopping?.update(values[this.#stoppingMetric]);
    this.#schedule.afterMeasurement(values);
    const value = values[this.metric];
    if (!this.#isBest(value)) return;
    const { step, epoch } = this.#progress;
    this.#progress.best = { metric: this.metric, value, step, epoch: epoch + 1 };
  }

  #isBest(value: number): boolean {
    const best: BestValue | undefined = this.#progress.best;
    if (best === undefined) return !Number.isNaN(value);
    return this.higherIsBetter ? value > best.value : value < best.value;
  }

  /** Gives back what early stopping keeps. */
  [Symbol.dispose](): void {
    this.earlyStopping?.[Symbol.dispose]();
  }
}

function withoutUndefined(options: FitEarlyStopping): FitEarlyStopping {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
