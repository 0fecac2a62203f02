/**
 * Learning rates that fall at given steps.
 *
 * @module
 */

import { checkNumber, type Schedulable, Scheduler } from "./scheduler.ts";

/** Options of {@linkcode MultiStepLR}. */
export interface MultiStepLROptions {
  /** Steps at which the learning rate falls; one that is there twice counts twice. */
  milestones: readonly number[];
  /** Factor of each fall. Default 0.1. */
  gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` at every milestone.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 */
export class MultiStepLR extends Scheduler {
  /** Sets the learning rates of step 0. */
  constructor(optimizer: Schedulable, { milestones, gamma = 0.1 }: MultiStepLROptions) {
    for (const milestone of milestones) {
      checkNumber("MultiStepLR", "milestones", milestone, 0, true);
    }
    checkNumber("MultiStepLR", "gamma", gamma, 0);
    super(optimizer, (base, count) => {
      const passed = milestones.filter((milestone) => milestone <= count).length;
      return base * gamma ** passed;
    });
  }
}
