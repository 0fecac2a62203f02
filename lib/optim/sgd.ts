/**
 * Stochastic gradient descent.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import { Optimizer } from "./optimizer.ts";
import type { LearnableInput, ParameterGroupInput } from "./parameter_group.ts";
import { checkOption, type OptimizerOptions, type Rule } from "./rule.ts";

/** Options of {@linkcode SGD}. */
export interface SgdOptions extends OptimizerOptions {
  /** Share of the last step's direction that is kept. Default 0. */
  momentum?: number;
  /** Share of the gradient that momentum leaves out. Default 0. */
  dampening?: number;
  /** Look ahead along the momentum (Sutskever et al. 2013). Default false. */
  nesterov?: boolean;
}

const rule: Rule<SgdOptions> = {
  name: "SGD",
  code: 0,
  defaults: { lr: 1e-3, weightDecay: 0, momentum: 0, dampening: 0, nesterov: false },
  stateNames: ({ momentum }) => momentum === 0 ? [] : ["momentum_buffer"],
  numbers: ({ lr, weightDecay, momentum, dampening, nesterov }, count) => [
    lr,
    weightDecay,
    momentum,
    // The first gradient enters the momentum whole.
    count === 1 ? 1 : 1 - dampening,
    nesterov ? 1 : 0,
  ],
  check: ({ lr, weightDecay, momentum, dampening, nesterov }) => {
    checkOption("SGD", "lr", lr);
    checkOption("SGD", "weightDecay", weightDecay);
    checkOption("SGD", "momentum", momentum);
    if (!nesterov || (momentum > 0 && dampening === 0)) return;
    throw new QorusError(
      "invalid_argument",
      "SGD: nesterov needs momentum above 0 and dampening 0, " +
        `given ${momentum} and ${dampening}`,
      { op: "SGD", field: "nesterov" },
    );
  },
};

/**
 * Stochastic gradient descent: `p -= lr * (grad + weightDecay * p)`, with momentum (Polyak 1964) if
 * wanted.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range.
 *
 * @example
 * ```ts
 * import { nn, optim } from "@qorus/qorus";
 *
 * using layer = new nn.Linear(8, 2);
 * using optimizer = new optim.SGD(layer.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true });
 * ```
 */
export class SGD extends Optimizer<SgdOptions> {
  /** Takes parameters, alone or with names, or groups of them. */
  constructor(
    parameters: Iterable<LearnableInput | ParameterGroupInput<SgdOptions>>,
    options: Partial<SgdOptions> = {},
  ) {
    super(rule, parameters, options);
  }
}
