/**
 * Learning rates that change linearly.
 *
 * @module
 */

import { checkNumber, type Schedulable, Scheduler } from "./scheduler.ts";

/** Options of {@linkcode LinearLR}. */
export interface LinearLROptions {
  /** Factor at step 0. Default 1/3. */
  startFactor?: number;
  /** Factor from step `totalIters` on. Default 1. */
  endFactor?: number;
  /** Steps in which the factor changes. Default 5. */
  totalIters?: number;
}

/**
 * Changes the factor of the learning rate linearly over the first steps.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 */
export class LinearLR extends Scheduler {
  /** Sets the learning rates of step 0. */
  constructor(optimizer: Schedulable, options: LinearLROptions = {}) {
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = options;
    checkNumber("LinearLR", "startFactor", startFactor, 0);
    checkNumber("LinearLR", "endFactor", endFactor, 0);
    checkNumber("LinearLR", "totalIters", totalIters, 1, true);
    super(optimizer, (base, count) => {
      const progress = Math.min(count, totalIters) / totalIters;
      return base * (startFactor + (endFactor - startFactor) * progress);
    });
  }
}
