/**
 * Learning rates that fall exponentially.
 *
 * @module
 */

import { checkNumber, type Schedulable, Scheduler } from "./scheduler.ts";

/** Options of {@linkcode ExponentialLR}. */
export interface ExponentialLROptions {
  /** Factor of each step. */
  gamma: number;
}

/**
 * Multiplies the learning rate by `gamma` at every step.
 *
 * @throws {QorusError} `invalid_argument` when the factor is negative.
 */
export class ExponentialLR extends Scheduler {
  /** Sets the learning rates of step 0. */
  constructor(optimizer: Schedulable, { gamma }: ExponentialLROptions) {
    checkNumber("ExponentialLR", "gamma", gamma, 0);
    super(optimizer, (base, count) => base * gamma ** count);
  }
}
