/**
 * One run of `fit`.
 *
 * @module
 */

import { manualSeed } from "../../core/random.ts";
import { scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Module } from "../../nn/module.ts";
import { type Batch, sampleCount } from "../batches.ts";
import { evaluate } from "../evaluate.ts";
import type { RunRecord } from "../logs/run_log.ts";
import { ModuleModes } from "../module_modes.ts";
import { ProgressLine } from "../progress/progress_line.ts";
import { type StepUpdate, TrainingStep } from "../training_step.ts";
import { Turns } from "../turns.ts";
import { FitCheckpoints, isStateful } from "./checkpoints.ts";
import { checkFitOptions, optionError, validationOf } from "./checks.ts";
import { divergenceError } from "./divergence.ts";
import type { FitOptions, FitResult, FitValidation } from "./options.ts";
import { Interrupts } from "./interrupts.ts";
import { FitProgress } from "./progress.ts";
import { Recorder, type StepWork } from "./recorder.ts";
import { ScheduleDriver } from "./schedule.ts";
import { Watch } from "./watch.ts";

const defaultLogEverySteps = 10;

/** What a step did and took. */
interface TakenStep {
  readonly update: StepUpdate;
  readonly work: StepWork;
}

/** Trains a model; see `fit`. */
export class FitRun<M extends Module<unknown>, B extends Batch, Output> implements Disposable {
  readonly #model: M;
  readonly #options: FitOptions<M, B, Output>;
  readonly #validation: FitValidation<B> | undefined;
  readonly #modes: ModuleModes;
  readonly #progress = new FitProgress();
  readonly #step: TrainingStep<M, B, Output>;
  readonly #schedule: ScheduleDriver;
  readonly #watch: Watch;
  readonly #recorder: Recorder;
  readonly #line: ProgressLine;
  readonly #checkpoints: FitCheckpoints | undefined;
  #interrupts: Interrupts | undefined;
  readonly #turns = new Turns();
  #isStopCalled = false;

  /** Checks the options; throws before anything is changed. */
  constructor(model: M, options: FitOptions<M, B, Output>) {
    checkFitOptions(model, options);
    const { optimizer, data, metrics = [], earlyStopping, checkpoint, logs = [] } = options;
    this.#model = model;
    this.#options = options;
    this.#validation = validationOf(options.validate);
    this.#step = new TrainingStep(model, options);
    const schedule = new ScheduleDriver(options.schedule);
    this.#schedule = schedule;
    this.#modes = new ModuleModes(model);
    if (options.seed !== undefined) manualSeed(options.seed);
    const progress = this.#progress;
    const watch = new Watch(model, metrics, earlyStopping, checkpoint?.best, schedule, progress);
    this.#watch = watch;
    this.#line = new ProgressLine({ mode: options.progress, ...lengthOf(options) });
    const { logEverySteps = defaultLogEverySteps } = options;
    this.#recorder = new Recorder(logs, this.#line, logEverySteps, progress);
    const recorder = this.#recorder;
    const parts = { model, optimizer, schedule, data, progress, watch, recorder };
    this.#checkpoints = checkpoint && new FitCheckpoints(checkpoint, parts);
  }

  /** Trains until there is a reason to stop; ends the process where that was SIGINT. */
  async run(): Promise<FitResult> {
    const { checkpoint } = this.#options;
    const listens = checkpoint !== undefined && checkpoint.saveOnInterrupt !== false;
    using interrupts = listens ? new Interrupts() : undefined;
    this.#interrupts = interrupts;
    const resumed = this.#checkpoints?.resume();
    // A model whose layers train may hold frozen ones, which stay as they are.
    if (!this.#model.training) this.#model.train();
    this.#recorder.open();
    if (resumed) this.#line.message(`${checkpoint?.folder}: on from step ${this.#progress.step}`);
    let reason = this.#reasonToStop();
    while (reason === undefined) {
      await this.#epoch();
      reason = this.#reasonToStop();
    }
    const result = await this.#finish(reason);
    if (interrupts?.isInterrupted) {
      this[Symbol.dispose]();
      interrupts.exit(
        `fit: interrupted after step ${result.steps}, which is saved in ${checkpoint?.folder}; ` +
          "checkpoint: { resume: true } goes on from there",
      );
    }
    return result;
  }

  #reasonToStop(): FitResult["stoppedBy"] | undefined {
    const { step, epoch } = this.#progress;
    const { epochs = Infinity, steps = Infinity, signal } = this.#options;
    if (epoch >= epochs || step >= steps) return "done";
    if (this.#watch.earlyStopping?.isStopped) return "earlyStopping";
    if (this.#isStopCalled) return "callback";
    return signal?.aborted || this.#interrupts?.isInterrupted ? "signal" : undefined;
  }

  /** Goes through an epoch, or through what is left of one, unless there is a reason to stop. */
  async #epoch(): Promise<void> {
    const progress = this.#progress;
    const batches = this.#walk();
    try {
      while (!progress.isAtEnd) {
        const taken = this.#takeStep(batches);
        if (taken === undefined) break;
        await this.#afterStep(taken);
        if (this.#reasonToStop() !== undefined && !this.#isEpochOver()) return;
        await this.#turns.take();
      }
    } finally {
      if (!progress.isAtEnd) batches.return?.();
    }
    await this.#endEpoch();
  }

  /** Begins to walk through an epoch, behind the batches of it that were used already. */
  #walk(): Iterator<B> {
    const { data } = this.#options;
    const batches = data[Symbol.iterator]();
    const { epochBatches, isAtEnd } = this.#progress;
    // Data that can say where it stands has gone there by itself.
    if (isStateful(data) || isAtEnd) return batches;
    for (let i = 0; i < epochBatches; i++) {
      using _ = scope();
      batches.next();
    }
    return batches;
  }

  /** Whether no batch is left, as far as that can be known without asking for one. */
  #isEpochOver(): boolean {
    const { isAtEnd, epochBatches } = this.#progress;
    return isAtEnd || epochBatches === this.#options.data.length;
  }

  /** Takes a step with the next batches; undefined when there are none. */
  #takeStep(batches: Iterator<B>): TakenStep | undefined {
    const start = performance.now();
    const progress = this.#progress;
    const { learningRate } = this.#options.optimizer;
    let [samples, tokens] = [0, 0];
    while (!this.#step.isFull && !progress.isAtEnd) {
      using _ = scope();
      const next = batches.next();
      progress.isAtEnd = next.done === true;
      if (next.done) break;
      this.#step.add(next.value);
      progress.epochBatches++;
      samples += sampleCount(next.value);
      tokens += this.#tokenCount(next.value);
    }
    if (this.#step.count === 0) return undefined;
    progress.step++;
    const update = this.#step.update(this.#recorder.isDue(progress.step));
    const seconds = (performance.now() - start) / 1000;
    return { update, work: { samples, tokens, seconds, learningRate } };
  }

  #tokenCount(batch: B): number {
    const { tokens } = this.#options;
    if (tokens !== undefined) return tokens(batch);
    const x: Tensor | undefined = batch.x;
    return x !== undefined && x.dtype === "i32" && x.rank === 2 ? x.size : 0;
  }

  async #afterStep({ update, work }: TakenStep): Promise<void> {
    const progress = this.#progress;
    const { onDivergence = "stop", onStep } = this.#options;
    if (!update.isSkipped) {
      progress.lastLoss = update.loss;
      progress.recentLoss.add(update.loss, work.samples);
      progress.epochLoss.add(update.loss, work.samples);
    } else if (onDivergence === "stop") {
      throw divergenceError(update, work.learningRate, progress);
    } else {
      progress.skippedSteps++;
    }
    this.#schedule.afterStep();
    this.#recorder.step(update, work);
    const { everySteps = Infinity } = this.#validation ?? {};
    if (progress.step % everySteps === 0) await this.#validate(false);
    if (onStep !== undefined) {
      const { step, epoch } = progress;
      const stop = () => this.#stop();
      const { learningRate } = work;
      await onStep({ ...update, step, epoch: epoch + 1, learningRate, stop });
    }
    // What belongs to the end of an epoch is saved with it.
    if (!this.#isEpochOver()) this.#checkpoints?.afterStep();
  }

  #stop(): void {
    this.#isStopCalled = true;
  }

  async #validate(isPartOfEpoch: boolean): Promise<void> {
    const progress = this.#progress;
    if (this.#validation === undefined || progress.measuredStep === progress.step) return;
    const { forward, loss, metrics, autocast } = this.#options;
    const { data } = this.#validation;
    const values = await evaluate(this.#model, { data, forward, loss, metrics, autocast });
    progress.validation = values;
    this.#recorder.validation(values, isPartOfEpoch);
    this.#watch.take(values);
  }

  async #endEpoch(): Promise<void> {
    const progress = this.#progress;
    const { onEpoch } = this.#options;
    if (progress.epochBatches === 0) throw emptyEpoch(progress.epoch);
    if (this.#validation === undefined) this.#watch.take({ loss: progress.epochLoss.value });
    else if (this.#validation.everySteps === undefined) await this.#validate(true);
    this.#schedule.afterEpoch();
    const record = this.#epochRecord();
    this.#recorder.endEpoch(record, record.epoch === this.#options.epochs);
    progress.nextEpoch(record);
    if (onEpoch !== undefined) await onEpoch({ ...record, stop: () => this.#stop() });
    this.#checkpoints?.afterEpoch();
  }

  #epochRecord(): RunRecord {
    return this.#recorder.epoch(this.#options.optimizer.learningRate);
  }

  async #finish(stoppedBy: FitResult["stoppedBy"]): Promise<FitResult> {
    const progress = this.#progress;
    const isPartial = progress.epochBatches > 0;
    if (isPartial && stoppedBy === "done") await this.#validate(false);
    this.#checkpoints?.save();
    this.#recorder.flush();
    const isOver = stoppedBy === "done" || stoppedBy === "earlyStopping";
    if (isOver) this.#watch.earlyStopping?.restore();
    const { step, epoch, history, best, skippedSteps } = progress;
    return {
      steps: step,
      epochs: epoch,
      history: isPartial ? [...history, this.#epochRecord()] : history,
      best,
      skippedSteps,
      stoppedBy,
    };
  }

  /** Brings the model's modes back and closes what the run used. */
  [Symbol.dispose](): void {
    this.#modes[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
    this.#line[Symbol.dispose]();
    for (const log of this.#options.logs ?? []) log[Symbol.dispose]();
  }
}

/** How long a run is, as far as that is known. */
function lengthOf<M extends Module<unknown>, B extends Batch, Output>(
  { data, epochs, steps, accumulate = 1 }: FitOptions<M, B, Output>,
): { epochs?: number; totalSteps?: number; stepsPerEpoch?: number } {
  const stepsPerEpoch = data.length === undefined ? undefined : Math.ceil(data.length / accumulate);
  return { epochs, totalSteps: steps, stepsPerEpoch };
}

function emptyEpoch(epoch: number): Error {
  const problem = epoch === 0
    ? "data has no batches: give it samples, or lower batchSize"
    : `data has no batches in epoch ${epoch + 1}: it can be walked through only ${epoch} times; ` +
      "give a DataLoader, an array, or an object whose [Symbol.iterator]() starts anew";
  return optionError("data", undefined, problem);
}
