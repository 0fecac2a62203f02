/**
 * AdamW.
 *
 * @module
 */

import { adamNumbers, type AdamOptions, adamStateNames, checkAdam } from "./adam_rule.ts";
import { Optimizer } from "./optimizer.ts";
import type { LearnableInput, ParameterGroupInput } from "./parameter_group.ts";
import type { Rule } from "./rule.ts";

const rule: Rule<AdamOptions> = {
  name: "AdamW",
  code: 1,
  defaults: { lr: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 1e-2 },
  stateNames: () => adamStateNames,
  numbers: (options, count) => [
    ...adamNumbers(options, count),
    0,
    1 - options.lr * options.weightDecay,
  ],
  check: (options) => checkAdam("AdamW", options),
};

/**
 * Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019):
 * `p *= 1 - lr * weightDecay` before Adam's step. Weight decay is 0.01 unless it is given.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 *
 * @example
 * ```ts
 * import { nn, optim } from "@qorus/qorus";
 *
 * using layer = new nn.Linear(8, 2);
 * using optimizer = new optim.AdamW([
 *   { parameters: [layer.weight], weightDecay: 0.1 },
 *   { parameters: [layer.bias!], weightDecay: 0 },
 * ], { lr: 3e-4 });
 * ```
 */
export class AdamW extends Optimizer<AdamOptions> {
  /** Takes parameters, alone or with names, or groups of them. */
  constructor(
    parameters: Iterable<LearnableInput | ParameterGroupInput<AdamOptions>>,
    options: Partial<AdamOptions> = {},
  ) {
    super(rule, parameters, options);
  }
}
