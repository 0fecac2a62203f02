/**
 * RMSprop.
 *
 * @module
 */

import { Optimizer } from "./optimizer.ts";
import type { LearnableInput, ParameterGroupInput } from "./parameter_group.ts";
import { checkOption, type OptimizerOptions, type Rule } from "./rule.ts";

/** Options of {@linkcode RMSprop}. */
export interface RmspropOptions extends OptimizerOptions {
  /** Share of the old mean of squares. Default 0.99. */
  alpha?: number;
  /** Added to the root of the mean square. Default 1e-8. */
  epsilon?: number;
  /** Share of the last step's direction that is kept. Default 0. */
  momentum?: number;
  /** Divide by the root of the variance rather than of the mean square. Default false. */
  centered?: boolean;
}

const rule: Rule<RmspropOptions> = {
  name: "RMSprop",
  code: 2,
  defaults: {
    lr: 1e-2,
    alpha: 0.99,
    epsilon: 1e-8,
    weightDecay: 0,
    momentum: 0,
    centered: false,
  },
  stateNames: ({ centered, momentum }) => [
    "square_avg",
    ...(centered ? ["grad_avg"] : []),
    ...(momentum === 0 ? [] : ["momentum_buffer"]),
  ],
  numbers: ({ lr, weightDecay, alpha, epsilon, momentum, centered }) => [
    lr,
    weightDecay,
    alpha,
    1 - alpha,
    epsilon,
    momentum,
    centered ? 1 : 0,
  ],
  check: ({ lr, weightDecay, alpha, epsilon, momentum }) => {
    checkOption("RMSprop", "lr", lr);
    checkOption("RMSprop", "weightDecay", weightDecay);
    checkOption("RMSprop", "alpha", alpha);
    checkOption("RMSprop", "epsilon", epsilon);
    checkOption("RMSprop", "momentum", momentum);
  },
};

/**
 * RMSprop (Tieleman and Hinton 2012): each element of the gradient is divided by the root mean
 * square of its own past; centered (Graves 2013) by its standard deviation. Where rounding makes a
 * variance negative it counts as 0; PyTorch gives NaN.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 */
export class RMSprop extends Optimizer<RmspropOptions> {
  /** Takes parameters, alone or with names, or groups of them. */
  constructor(
    parameters: Iterable<LearnableInput | ParameterGroupInput<RmspropOptions>>,
    options: Partial<RmspropOptions> = {},
  ) {
    super(rule, parameters, options);
  }
}
