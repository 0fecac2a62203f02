/**
 * Checkpoints of a run of `fit`.
 *
 * @module
 */

import type { Module } from "../../nn/module.ts";
import type { Batch, Batches, DataState } from "../batches.ts";
import { CheckpointFolder } from "../checkpoint/folder.ts";
import type { CheckpointParts, Json, Stateful } from "../checkpoint/state.ts";
import type { StepOptimizer } from "../training_step.ts";
import { checkCount, optionError } from "./checks.ts";
import type { FitCheckpoint } from "./options.ts";
import type { FitProgress } from "./progress.ts";
import type { Recorder } from "./recorder.ts";
import type { ScheduleDriver } from "./schedule.ts";
import type { Watch } from "./watch.ts";

/** What a run is made of. */
export interface RunParts {
  readonly model: Module<unknown>;
  readonly optimizer: StepOptimizer;
  readonly schedule: ScheduleDriver;
  readonly data: Batches<Batch>;
  readonly progress: FitProgress;
  readonly watch: Watch;
  readonly recorder: Recorder;
}

/** Saves a run when it is time to, and goes on from what was saved. */
export class FitCheckpoints {
  readonly #options: FitCheckpoint;
  readonly #folder: CheckpointFolder;
  readonly #parts: CheckpointParts;
  readonly #progress: FitProgress;
  readonly #watch: Watch;
  readonly #recorder: Recorder;
  /** Where the run stood at the last checkpoint. */
  #saved = "";

  /** Checks the options; nothing is read or written yet. */
  constructor(options: FitCheckpoint, run: RunParts) {
    const { everySteps, everyEpochs, best, keep } = options;
    checkCount("checkpoint.everySteps", everySteps);
    checkCount("checkpoint.everyEpochs", everyEpochs);
    const mode = run.watch.higherIsBetter ? "max" : "min";
    this.#options = options;
    this.#folder = new CheckpointFolder(options.folder, {
      keep,
      best: best === undefined ? undefined : { mode },
    });
    this.#progress = run.progress;
    this.#watch = run.watch;
    this.#recorder = run.recorder;
    this.#parts = partsOf(run, options.others ?? {});
  }

  /**
   * Goes on from the newest checkpoint, where that is asked and there is one.
   *
   * @returns whether it did
   */
  resume(): boolean {
    if (this.#options.resume === true) {
      const isResumed = this.#folder.resume(this.#parts) !== undefined;
      if (isResumed) this.#saved = this.#moment();
      return isResumed;
    }
    const newest = this.#folder.list().at(-1);
    if (newest === undefined) return false;
    const { folder } = this.#options;
    const problem =
      `${folder} holds checkpoints of an earlier run, up to step ${newest.step}: go ` +
      "on with it (checkpoint: { resume: true }), name another folder, or remove this one";
    throw optionError("checkpoint.folder", folder, problem);
  }

  /** Saves after a step, where one is due: every so many steps, or the best so far. */
  afterStep(): void {
    const { everySteps = Infinity } = this.#options;
    if (this.#progress.step % everySteps === 0 || this.#isBest()) this.save();
  }

  /** Saves after an epoch, where one is due. */
  afterEpoch(): void {
    const { everySteps, everyEpochs = everySteps === undefined ? 1 : Infinity } = this.#options;
    if (this.#progress.epoch % everyEpochs === 0) this.save();
    else this.afterStep();
  }

  #isBest(): boolean {
    const { best } = this.#progress;
    return this.#options.best !== undefined && best?.step === this.#progress.step;
  }

  /** Saves the run as it is now, unless that is done. */
  save(): void {
    const moment = this.#moment();
    if (moment === this.#saved) return;
    const { step, epoch } = this.#progress;
    // Whoever goes on from here finds all records up to here.
    this.#recorder.flush();
    this.#folder.save(this.#parts, { step, epoch, score: this.#score() });
    this.#saved = moment;
  }

  #moment(): string {
    const { step, epoch, measuredStep } = this.#progress;
    return `${step} ${epoch} ${measuredStep}`;
  }

  /** The number that the best checkpoint goes by, if it was measured after this very step. */
  #score(): number | undefined {
    const { best } = this.#options;
    const { measuredStep, measured, step } = this.#progress;
    return best !== undefined && measuredStep === step ? measured[this.#watch.metric] : undefined;
  }
}

function partsOf(run: RunParts, others: Readonly<Record<string, Stateful<Json>>>): CheckpointParts {
  const { model, optimizer, schedule, data, progress, watch } = run;
  const { earlyStopping } = watch;
  if ("fit" in others || "earlyStopping" in others) {
    const problem = "checkpoint.others has fit or earlyStopping, names that fit itself uses";
    throw optionError("checkpoint.others", Object.keys(others), problem);
  }
  return {
    model,
    optimizer,
    ...schedule.scheduler === undefined ? {} : { schedule: schedule.scheduler },
    ...isStateful(data) ? { data } : {},
    others: {
      ...others,
      fit: progress,
      ...earlyStopping === undefined ? {} : { earlyStopping },
    },
    ...earlyStopping?.tensors.size ? { tensors: earlyStopping.tensors } : {},
  };
}

/** Whether data can say where it stands. */
export function isStateful<B extends Batch>(
  data: Batches<B>,
): data is Batches<B> & Stateful<DataState> {
  return data.stateDict !== undefined && data.loadStateDict !== undefined;
}
