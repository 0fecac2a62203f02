/**
 * What `fit` is told.
 *
 * @module
 */

import type { Module } from "../../nn/module.ts";
import type { ReduceLROnPlateau } from "../../optim/schedulers/reduce_lr_on_plateau.ts";
import type { Scheduler } from "../../optim/schedulers/scheduler.ts";
import type { Batch, Batches } from "../batches.ts";
import type { Json, Stateful } from "../checkpoint/state.ts";
import type { EarlyStoppingOptions } from "../early_stopping.ts";
import type { RunLog, RunRecord } from "../logs/run_log.ts";
import type { Metric } from "../metrics/metric.ts";
import type { ProgressMode } from "../progress/progress_line.ts";
import type { StepUpdate, TrainingStepOptions } from "../training_step.ts";

/**
 * A schedule of the learning rate: a `Scheduler` goes on with each step, or with each epoch where
 * that is said; `ReduceLROnPlateau` is given the loss, or the metric that is named, of each
 * validation, without validation the mean loss of each epoch.
 */
export type FitSchedule =
  | Scheduler
  | ReduceLROnPlateau
  | { readonly scheduler: Scheduler; readonly every: "step" | "epoch" }
  | { readonly scheduler: ReduceLROnPlateau; readonly metric?: string };

/** Data to validate with, and how often. */
export interface FitValidation<B extends Batch = Batch> {
  /** The batches. Without shuffling, numbers are the same each time. */
  readonly data: Batches<B>;
  /**
   * Steps between validations. Default: after each epoch. At the end of the run there is one too.
   */
  readonly everySteps?: number;
}

/**
 * When to end a run that gets no better. With `restoreBest` the model has its best weights at the
 * end, whether all epochs were done or not; a checkpoint has the last ones beside them.
 */
export interface FitEarlyStopping extends EarlyStoppingOptions {
  /** The number that is watched: `loss` or a metric's name. Default `loss`. */
  readonly metric?: string;
  /** Whether less or more is better. Default: as the metric says. */
  readonly mode?: "min" | "max";
}

/** Where a run is saved, and how often. */
export interface FitCheckpoint {
  /** The folder, of this run alone; it is made where it is missing. */
  readonly folder: string;
  /**
   * Steps between checkpoints. Default: after each epoch. At the end of the run there is one too.
   */
  readonly everySteps?: number;
  /** Epochs between checkpoints. Default 1, with `everySteps` none. */
  readonly everyEpochs?: number;
  /** How many of the last checkpoints stay. Default 3. */
  readonly keep?: number;
  /**
   * Keeps the best checkpoint besides, by this number: `loss` or a metric's name. Whatever is the
   * best so far is saved, also between the steps above.
   */
  readonly best?: string;
  /**
   * Go on from the newest checkpoint, if there is one. Default: false, the folder must be empty.
   */
  readonly resume?: boolean;
  /**
   * On SIGINT (Ctrl-C), end after the step that is being taken, save, say so on stderr and exit
   * with code 130. Default: true.
   */
  readonly saveOnInterrupt?: boolean;
  /** Parts of the program's own to save beside those of the run. */
  readonly others?: Readonly<Record<string, Stateful<Json>>>;
}

/** A step that was taken, as `onStep` sees it. */
export interface StepEvent extends StepUpdate {
  /** Steps taken, from 1. */
  readonly step: number;
  /** The epoch, from 1. */
  readonly epoch: number;
  /** Learning rate of the first group during the step. */
  readonly learningRate: number;
  /** Ends the run after this step. */
  stop(): void;
}

/** An epoch that was finished, as `onEpoch` sees it. */
export interface EpochEvent extends RunRecord {
  /** Ends the run after this epoch. */
  stop(): void;
}

/** Options of {@linkcode fit}. */
export interface FitOptions<M extends Module<unknown>, B extends Batch, Output>
  extends TrainingStepOptions<M, B, Output> {
  /**
   * The batches; each walk is an epoch. Batches are asked for inside of the step's scope: one that
   * a generator makes with `tensor()` ends with the step.
   */
  data: Batches<B>;
  /** Epochs to train; either this or `steps`. */
  epochs?: number;
  /** Steps to train, through as many epochs as it takes; either this or `epochs`. */
  steps?: number;
  /** How the learning rate changes. */
  schedule?: FitSchedule;
  /** Data to validate with, in mode `eval`: after each epoch, or every so many steps. */
  validate?: Batches<B> | FitValidation<B>;
  /** Numbers about the outputs on validation data, beside the loss. */
  metrics?: readonly Metric<Output, B>[];
  /** When to end a run that gets no better. */
  earlyStopping?: FitEarlyStopping;
  /** Where the run is saved, and how often. */
  checkpoint?: FitCheckpoint;
  /** Where the run's numbers are written. They are disposed when the run ends. */
  logs?: readonly RunLog[];
  /**
   * Steps between records of training; each holds the mean loss since the one before. Default 10.
   */
  logEverySteps?: number;
  /**
   * How progress is shown on stderr: a line that is rewritten on terminals, plain lines elsewhere
   * (`auto`), or nothing (`silent`). Default `auto`.
   */
  progress?: ProgressMode;
  /** Counts a batch's tokens. Default: the elements of `x` where it is i32 `[batch, time]`. */
  tokens?: (batch: NoInfer<B>) => number;
  /** Ends the run after the step that is being taken; what the run made is kept and returned. */
  signal?: AbortSignal;
  /** Seeds initial weights that are not made yet, and dropout; see `manualSeed`. */
  seed?: number;
  /** Called after each step; it is waited for. What it returns does not matter: see `stop`. */
  onStep?: (event: StepEvent) => unknown;
  /** Called after each epoch with its record; it is waited for. */
  onEpoch?: (event: EpochEvent) => unknown;
  /**
   * What to do when the loss, or a measured norm of the gradients, is NaN or infinite: `stop`
   * throws before the parameters are touched, `continue` leaves out that update. Default `stop`.
   */
  onDivergence?: "stop" | "continue";
}

/** The best number of a run. */
export interface BestValue {
  /** Which number: `loss` or a metric's name. */
  readonly metric: string;
  /** The number. */
  readonly value: number;
  /** Steps that had been taken. */
  readonly step: number;
  /** The epoch, from 1. */
  readonly epoch: number;
}

/** What came of a run. */
export interface FitResult {
  /** Steps taken, those of earlier parts of a resumed run included. */
  readonly steps: number;
  /** Epochs finished, those of earlier parts included. */
  readonly epochs: number;
  /**
   * A record of each epoch, those of earlier parts included; the last may be of an epoch that was
   * not finished. `loss` is the mean training loss; numbers of the last validation are called
   * `validation_loss` and so on.
   */
  readonly history: readonly RunRecord[];
  /**
   * The best validation, or without validation the best epoch, by the number that early stopping
   * or the best checkpoint go by, else by `loss`.
   */
  readonly best: BestValue | undefined;
  /** Steps left out because of a loss or norm that was NaN or infinite. */
  readonly skippedSteps: number;
  /**
   * Why it ended: all epochs or steps are `done`; `earlyStopping`; the `signal` was aborted; a
   * `callback` called `stop()`.
   */
  readonly stoppedBy: "done" | "earlyStopping" | "signal" | "callback";
}
