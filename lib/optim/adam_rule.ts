/**
 * What Adam and AdamW share.
 *
 * @module
 */

import { checkOption, type OptimizerOptions } from "./rule.ts";

/** Options of `Adam` and `AdamW`. */
export interface AdamOptions extends OptimizerOptions {
  /** Shares of the old means of gradients and of their squares. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the mean square. Default 1e-8. */
  epsilon?: number;
}

/** The means of gradients and of their squares. */
export const adamStateNames = ["exp_avg", "exp_avg_sq"] as const;

/** The numbers of a step but for weight decay. */
export function adamNumbers(
  { lr, betas: [beta1, beta2], epsilon }: Required<AdamOptions>,
  count: number,
): number[] {
  return [
    lr / (1 - beta1 ** count),
    Math.sqrt(1 - beta2 ** count),
    epsilon,
    1 - beta1,
    beta2,
    1 - beta2,
  ];
}

/** Throws when an option is out of its range. */
export function checkAdam(name: string, options: Required<AdamOptions>): void {
  checkOption(name, "lr", options.lr);
  checkOption(name, "betas[0]", options.betas[0], 1);
  checkOption(name, "betas[1]", options.betas[1], 1);
  checkOption(name, "epsilon", options.epsilon);
  checkOption(name, "weightDecay", options.weightDecay);
}
