/**
 * Driving a schedule of the learning rate.
 *
 * @module
 */

import { ReduceLROnPlateau } from "../../optim/schedulers/reduce_lr_on_plateau.ts";
import { Scheduler } from "../../optim/schedulers/scheduler.ts";
import { optionError } from "./checks.ts";
import type { FitSchedule } from "./options.ts";

/** Goes on with a schedule when its time has come. */
export class ScheduleDriver {
  /** The schedule itself, for checkpoints. */
  readonly scheduler: Scheduler | ReduceLROnPlateau | undefined;
  readonly #every: "step" | "epoch" | "measurement" | "never";
  readonly #metric: string;

  /** Finds out what kind of schedule it is. */
  constructor(schedule: FitSchedule | undefined) {
    const given = typeof schedule === "object" && "scheduler" in schedule
      ? schedule
      : { scheduler: schedule };
    const { scheduler } = given;
    this.scheduler = scheduler;
    this.#metric = "metric" in given ? given.metric ?? "loss" : "loss";
    if (scheduler === undefined) {
      this.#every = "never";
    } else if (scheduler instanceof ReduceLROnPlateau) {
      this.#every = "measurement";
    } else if (scheduler instanceof Scheduler) {
      this.#every = checkEvery("every" in given ? given.every : "step");
    } else {
      const expected = 'a schedule of optim, or { scheduler, every: "step" | "epoch" }';
      throw optionError("schedule", schedule, `schedule is ${schedule}, expected ${expected}`);
    }
  }

  /** Goes on after a step. */
  afterStep(): void {
    if (this.#every === "step") (this.scheduler as Scheduler).step();
  }

  /** Goes on after an epoch. */
  afterEpoch(): void {
    if (this.#every === "epoch") (this.scheduler as Scheduler).step();
  }

  /** Goes on after numbers were measured: a validation's, or an epoch's without validation. */
  afterMeasurement(values: Readonly<Record<string, number>>): void {
    if (this.#every !== "measurement") return;
    (this.scheduler as ReduceLROnPlateau).step(values[this.#metric]);
  }
}

function checkEvery(every: "step" | "epoch"): "step" | "epoch" {
  if (every === "step" || every === "epoch") return every;
  throw optionError("schedule.every", every, `schedule.every is ${every}, expected step or epoch`);
}
