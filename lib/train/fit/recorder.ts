/**
 * The numbers of a run on their way to its logs.
 *
 * @module
 */

import { counters } from "../../core/context.ts";
import type { RunLog, RunRecord } from "../logs/run_log.ts";
import { Throughput } from "../meters/throughput.ts";
import type { StepUpdate } from "../training_step.ts";
import type { FitProgress } from "./progress.ts";

/** A progress line is given a record this often, so that slow steps show too. */
const progressMilliseconds = 100;

/** Epochs that end faster than this do not all leave a line. */
const epochLineMilliseconds = 200;

/** What a step took, besides what the update says. */
export interface StepWork {
  readonly samples: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly learningRate: number;
}

/** Makes records and hands them to logs. */
export class Recorder {
  readonly #logs: readonly RunLog[];
  readonly #line: RunLog;
  readonly #everySteps: number;
  readonly #progress: FitProgress;
  readonly #recent = new Throughput();
  readonly #epoch = new Throughput();
  #lastShown = 0;
  #lastEpochShown = -Infinity;

  /**
   * Takes the logs.
   *
   * @param line is shown records of more steps than logs are
   */
  constructor(
    logs: readonly RunLog[],
    line: RunLog,
    everySteps: number,
    progress: FitProgress,
  ) {
    this.#logs = logs;
    this.#line = line;
    this.#everySteps = everySteps;
    this.#progress = progress;
  }

  /** Opens the logs where the run stands. */
  open(): void {
    for (const log of this.#all()) log.open(this.#progress.step);
  }

  *#all(): Generator<RunLog> {
    yield* this.#logs;
    yield this.#line;
  }

  /** Whether step `step` is recorded: then more of it is measured. */
  isDue(step: number): boolean {
    return this.#logs.length > 0 && (step === 1 || step % this.#everySteps === 0);
  }

  /** Takes a step in, and writes a record where one is due. */
  step(update: StepUpdate, work: StepWork): void {
    this.#recent.add(work);
    this.#epoch.add(work);
    const { step } = this.#progress;
    if (this.isDue(step)) {
      const record = this.#trainRecord(this.#progress.recentLoss.value, update, work);
      this.#progress.recentLoss.reset();
      this.#recent.reset();
      for (const log of this.#all()) log.write(record);
      this.#lastShown = performance.now();
    } else {
      const now = performance.now();
      if (now - this.#lastShown < progressMilliseconds) return;
      this.#line.write(this.#trainRecord(update.loss, update, work));
      this.#lastShown = now;
      if (this.#logs.length === 0) this.#recent.reset();
    }
  }

  #trainRecord(loss: number, update: StepUpdate, work: StepWork): RunRecord {
    const { gradientNorm } = update;
    return this.#record("train", {
      loss,
      learning_rate: work.learningRate,
      ...(gradientNorm === undefined ? {} : { gradient_norm: gradientNorm }),
      ...speeds(this.#recent),
      ...memory(),
    });
  }

  #record(kind: RunRecord["kind"], values: Readonly<Record<string, number>>): RunRecord {
    const { step, seconds, epoch } = this.#progress;
    return { kind, step, epoch: epoch + 1, seconds, values };
  }

  /**
   * Writes a validation's numbers.
   *
   * @param isPartOfEpoch whether the epoch's record follows at once, which says them again
   */
  validation(values: Readonly<Record<string, number>>, isPartOfEpoch: boolean): void {
    const record = this.#record("validation", values);
    for (const log of isPartOfEpoch ? this.#logs : this.#all()) log.write(record);
  }

  /** A record of the epoch in progress, with the last validation's numbers. */
  epoch(learningRate: number): RunRecord {
    const { epochLoss, validation } = this.#progress;
    const validated = Object.entries(validation).map(([name, value]) =>
      [`validation_${name}`, value] as const
    );
    return this.#record("epoch", {
      loss: epochLoss.value,
      ...Object.fromEntries(validated),
      learning_rate: learningRate,
      ...speeds(this.#epoch),
    });
  }

  /** Writes an epoch's record, and begins to measure the speed of the next one. */
  endEpoch(record: RunRecord, isLast: boolean): void {
    this.#epoch.reset();
    for (const log of this.#logs) log.write(record);
    const now = performance.now();
    if (!isLast && now - this.#lastEpochShown < epochLineMilliseconds) return;
    this.#line.write(record);
    this.#lastEpochShown = now;
  }

  /** Brings everything written to the disk. */
  flush(): void {
    for (const log of this.#all()) log.flush();
  }
}

function speeds(throughput: Throughput): Record<string, number> {
  const { samplesPerSecond, tokensPerSecond, tokens } = throughput;
  return {
    samples_per_second: samplesPerSecond,
    ...(tokens > 0 ? { tokens_per_second: tokensPerSecond } : {}),
  };
}

function memory(): Record<string, number> {
  const { scratchHighWaterBytes, stateBytes } = counters();
  return { scratch_bytes: scratchHighWaterBytes, state_bytes: stateBytes };
}
