/**
 * How far a run of `fit` has come.
 *
 * @module
 */

import type { Json, Stateful } from "../checkpoint/state.ts";
import type { RunRecord } from "../logs/run_log.ts";
import { Mean } from "../meters/mean.ts";
import type { BestValue } from "./options.ts";

/** Everything of a run that a checkpoint keeps besides model, optimizer, schedule and data. */
export class FitProgress implements Stateful<Json> {
  /** Steps taken. */
  step = 0;
  /** Epochs finished. */
  epoch = 0;
  /** Batches of the epoch in progress that were used. */
  epochBatches = 0;
  /** Whether the epoch's batches have come to their end, though it is not finished yet. */
  isAtEnd = false;
  /** Steps left out because of NaN or infinity. */
  skippedSteps = 0;
  /** The last loss that was a number; NaN before the first one. */
  lastLoss = NaN;
  /** Seconds that earlier parts of the run took. */
  earlierSeconds = 0;
  /** Losses since the last record. */
  readonly recentLoss = new Mean();
  /** Losses of the epoch in progress. */
  readonly epochLoss = new Mean();
  /** Numbers of the last validation of the epoch in progress. */
  validation: Readonly<Record<string, number>> = {};
  /** The numbers that were measured last: a validation's, or an epoch's without validation. */
  measured: Readonly<Record<string, number>> = {};
  /** The step at which they were measured; -1 before the first ones. */
  measuredStep = -1;
  /** Records of the epochs. */
  history: RunRecord[] = [];
  /** The best number so far. */
  best: BestValue | undefined;
  #start = performance.now();

  /** Seconds that the run took, pauses between its parts left out. */
  get seconds(): number {
    return this.earlierSeconds + (performance.now() - this.#start) / 1000;
  }

  /** Begins the next epoch. */
  nextEpoch(record: RunRecord): void {
    this.history.push(record);
    this.epoch++;
    this.epochBatches = 0;
    this.isAtEnd = false;
    this.epochLoss.reset();
    this.validation = {};
  }

  /** What a later run needs to go on. */
  stateDict(): Json {
    return {
      step: this.step,
      epoch: this.epoch,
      epochBatches: this.epochBatches,
      isAtEnd: this.isAtEnd,
      skippedSteps: this.skippedSteps,
      lastLoss: this.lastLoss,
      seconds: this.seconds,
      recentLoss: this.recentLoss.stateDict(),
      epochLoss: this.epochLoss.stateDict(),
      validation: this.validation,
      measured: this.measured,
      measuredStep: this.measuredStep,
      history: this.history.map((record) => ({ ...record })),
      best: this.best === undefined ? null : { ...this.best },
    };
  }

  /** Goes on from a state. */
  loadStateDict(state: Json): void {
    const saved = state as unknown as SavedProgress;
    this.step = saved.step;
    this.epoch = saved.epoch;
    this.epochBatches = saved.epochBatches;
    this.isAtEnd = saved.isAtEnd;
    this.skippedSteps = saved.skippedSteps;
    this.lastLoss = saved.lastLoss;
    this.earlierSeconds = saved.seconds;
    this.#start = performance.now();
    this.recentLoss.loadStateDict(saved.recentLoss);
    this.epochLoss.loadStateDict(saved.epochLoss);
    this.validation = saved.validation;
    this.measured = saved.measured;
    this.measuredStep = saved.measuredStep;
    this.history = [...saved.history];
    this.best = saved.best ?? undefined;
  }
}

/** What `stateDict` gives; a checkpoint's checksum has told that it is what was saved. */
interface SavedProgress {
  readonly step: number;
  readonly epoch: number;
  readonly epochBatches: number;
  readonly isAtEnd: boolean;
  readonly skippedSteps: number;
  readonly lastLoss: number;
  readonly seconds: number;
  readonly recentLoss: Json;
  readonly epochLoss: Json;
  readonly validation: Readonly<Record<string, number>>;
  readonly measured: Readonly<Record<string, number>>;
  readonly measuredStep: number;
  readonly history: readonly RunRecord[];
  readonly best: BestValue | null;
}
