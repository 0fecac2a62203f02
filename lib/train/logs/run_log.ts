/**
 * Where the numbers of a training run are written to.
 *
 * @module
 */

/** Numbers of one moment of a run. */
export interface RunRecord {
  /** Numbers of a training step, of a validation, or of an epoch as a whole. */
  readonly kind: "train" | "validation" | "epoch";
  /** Optimizer steps taken, from 1. */
  readonly step: number;
  /** The epoch, from 1. */
  readonly epoch: number;
  /** Seconds since the run began, pauses between resumed runs left out. */
  readonly seconds: number;
  /**
   * Numbers by name: `loss`, `learning_rate`, `gradient_norm`, `samples_per_second`,
   * `tokens_per_second`, `scratch_bytes`, `state_bytes`, and the metrics' names.
   */
  readonly values: Readonly<Record<string, number>>;
}

/** Takes the records of a run: a file, a terminal, or what a program makes of them. */
export interface RunLog extends Disposable {
  /**
   * Begins or goes on. A log that already holds records of later steps drops them, since a resumed
   * run makes them again.
   *
   * @param step steps that were taken before
   */
  open(step: number): void;
  /** Takes a record. */
  write(record: RunRecord): void;
  /** Brings what was written to the disk. */
  flush(): void;
}
