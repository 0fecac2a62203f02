/**
 * Learning rates that rise, then fall along a cosine: how transformers are trained.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import { checkNumber, type Schedulable, Scheduler } from "./scheduler.ts";

/** Options of {@linkcode CosineWarmupLR}. */
export interface CosineWarmupLROptions {
  /** Steps in which the learning rate rises from 0. */
  warmupSteps: number;
  /** Steps in all, those of the rise included; afterwards the rate stays at `etaMin`. */
  totalSteps: number;
  /** The lowest learning rate after the rise. Default 0. */
  etaMin?: number;
}

/**
 * Raises the learning rate linearly from 0 in `warmupSteps` steps and lets it fall along half a
 * cosine wave until `totalSteps`, as `get_cosine_schedule_with_warmup` of transformers does.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 */
export class CosineWarmupLR extends Scheduler {
  /** Sets the learning rates of step 0. */
  constructor(optimizer: Schedulable, options: CosineWarmupLROptions) {
    const { warmupSteps, totalSteps, etaMin = 0 } = options;
    checkNumber("CosineWarmupLR", "warmupSteps", warmupSteps, 0, true);
    checkNumber("CosineWarmupLR", "totalSteps", totalSteps, 1, true);
    checkNumber("CosineWarmupLR", "etaMin", etaMin, 0);
    if (warmupSteps > totalSteps) {
      throw new QorusError(
        "invalid_argument",
        `CosineWarmupLR: ${warmupSteps} warmupSteps are more than ${totalSteps} totalSteps`,
        { op: "CosineWarmupLR", field: "warmupSteps", given: warmupSteps, expected: totalSteps },
      );
    }
    super(optimizer, (base, count) => {
      if (count < warmupSteps) return base * count / warmupSteps;
      const progress = Math.min(1, (count - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
      return etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * progress)) / 2;
    });
  }
}
