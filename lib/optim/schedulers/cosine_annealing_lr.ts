/**
 * Learning rates that follow a cosine.
 *
 * @module
 */

import { checkNumber, type Schedulable, Scheduler } from "./scheduler.ts";

/** Options of {@linkcode CosineAnnealingLR}. */
export interface CosineAnnealingLROptions {
  /** Steps from the highest to the lowest learning rate; after them it rises again. */
  tMax: number;
  /** The lowest learning rate. Default 0. */
  etaMin?: number;
}

/**
 * Lets the learning rate fall along half a cosine wave in `tMax` steps (Loshchilov and Hutter
 * 2017), without restarts.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 */
export class CosineAnnealingLR extends Scheduler {
  /** Sets the learning rates of step 0. */
  constructor(optimizer: Schedulable, { tMax, etaMin = 0 }: CosineAnnealingLROptions) {
    checkNumber("CosineAnnealingLR", "tMax", tMax, 1, true);
    checkNumber("CosineAnnealingLR", "etaMin", etaMin, 0);
    super(optimizer, (base, count) => {
      const share = (1 + Math.cos(Math.PI * count / tMax)) / 2;
      return etaMin + (base - etaMin) * share;
    });
  }
}
