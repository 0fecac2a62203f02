/**
 * Learning rates that fall at regular steps.
 *
 * @module
 */

import { checkNumber, type Schedulable, Scheduler } from "./scheduler.ts";

/** Options of {@linkcode StepLR}. */
export interface StepLROptions {
  /** Steps between two falls. */
  stepSize: number;
  /** Factor of each fall. Default 0.1. */
  gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` steps.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 */
export class StepLR extends Scheduler {
  /** Sets the learning rates of step 0. */
  constructor(optimizer: Schedulable, { stepSize, gamma = 0.1 }: StepLROptions) {
    checkNumber("StepLR", "stepSize", stepSize, 1, true);
    checkNumber("StepLR", "gamma", gamma, 0);
    super(optimizer, (base, count) => base * gamma ** Math.floor(count / stepSize));
  }
}
