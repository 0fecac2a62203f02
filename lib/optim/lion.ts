/**
 * Lion.
 *
 * @module
 */

import { Optimizer } from "./optimizer.ts";
import type { LearnableInput, ParameterGroupInput } from "./parameter_group.ts";
import { checkOption, type OptimizerOptions, type Rule } from "./rule.ts";

/** Options of {@linkcode Lion}. */
export interface LionOptions extends OptimizerOptions {
  /** Shares of the old mean of gradients in the step and in the new mean. Default [0.9, 0.99]. */
  betas?: readonly [number, number];
}

const rule: Rule<LionOptions> = {
  name: "Lion",
  code: 3,
  defaults: { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0 },
  stateNames: () => ["exp_avg"],
  numbers: ({ lr, betas: [beta1, beta2], weightDecay }) => [
    lr,
    beta1,
    1 - beta1,
    1 - beta2,
    1 - lr * weightDecay,
  ],
  check: ({ lr, betas, weightDecay }) => {
    checkOption("Lion", "lr", lr);
    checkOption("Lion", "betas[0]", betas[0], 1);
    checkOption("Lion", "betas[1]", betas[1], 1);
    checkOption("Lion", "weightDecay", weightDecay);
  },
};

/**
 * Lion (Chen et al. 2023): every element moves by `lr` along the sign of the mean of its gradients.
 * Weight decay is apart from the gradient, as in `AdamW`. Its learning rate is commonly 3 to 10
 * times smaller than Adam's.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 */
export class Lion extends Optimizer<LionOptions> {
  /** Takes parameters, alone or with names, or groups of them. */
  constructor(
    parameters: Iterable<LearnableInput | ParameterGroupInput<LionOptions>>,
    options: Partial<LionOptions> = {},
  ) {
    super(rule, parameters, options);
  }
}
