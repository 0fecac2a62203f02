/**
 * Adam.
 *
 * @module
 */

import { adamNumbers, type AdamOptions, adamStateNames, checkAdam } from "./adam_rule.ts";
import { Optimizer } from "./optimizer.ts";
import type { LearnableInput, ParameterGroupInput } from "./parameter_group.ts";
import type { Rule } from "./rule.ts";

const rule: Rule<AdamOptions> = {
  name: "Adam",
  code: 1,
  defaults: { lr: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 },
  stateNames: () => adamStateNames,
  numbers: (options, count) => [...adamNumbers(options, count), options.weightDecay, 1],
  check: (options) => checkAdam("Adam", options),
};

/**
 * Adam (Kingma and Ba 2015): steps along the mean of the gradients, each element scaled by the root
 * mean square of its own. Weight decay is part of the gradient; see `AdamW`.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 */
export class Adam extends Optimizer<AdamOptions> {
  /** Takes parameters, alone or with names, or groups of them. */
  constructor(
    parameters: Iterable<LearnableInput | ParameterGroupInput<AdamOptions>>,
    options: Partial<AdamOptions> = {},
  ) {
    super(rule, parameters, options);
  }
}
