/**
 * Plain recurrent networks.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { type Nonlinearity, rnn } from "../ops/recurrent.ts";
import { type RecurrentLayerOptions, RecurrentLayers } from "./recurrent.ts";

/** What {@linkcode RNN} and {@linkcode GRU} return. */
export interface RecurrentOutput {
  /** States of the last layer, `[steps, batch, directions * hidden]`, or as `batchFirst` has it. */
  output: Tensor;
  /** Final state of each layer and direction, `[layers * directions, batch, hidden]`. */
  hidden: Tensor;
}

/**
 * A plain recurrent network (Elman 1990), one gate: see {@linkcode rnn}. Without a batch, inputs
 * are `[steps, inputs]` and states `[layers * directions, hidden]`.
 *
 * @example
 * ```ts
 * import { nn, randn } from "@qorus/qorus";
 *
 * const layer = new nn.RNN(3, 5, { nonlinearity: "relu" });
 * layer.forward(randn([7, 2, 3])).output.shape; // [7, 2, 5]
 * ```
 */
export class RNN extends RecurrentLayers<RecurrentOutput> {
  /** The function of the states. */
  readonly nonlinearity: Nonlinearity;

  /** Makes layers from `inputs` features to `hidden` units. */
  constructor(
    inputs: number,
    hidden: number,
    options: RecurrentLayerOptions & { nonlinearity?: Nonlinearity } = {},
  ) {
    super(1, inputs, hidden, options);
    this.nonlinearity = options.nonlinearity ?? "tanh";
  }

  /**
   * Reads a sequence.
   *
   * @param x f32 `[steps, batch, inputs]`, as `batchFirst` has it, or `[steps, inputs]`
   * @param hidden initial states, `[layers * directions, batch, hidden]`. Default: zeros
   */
  forward(x: Tensor, hidden?: Tensor): RecurrentOutput {
    const { nonlinearity } = this;
    const { output, results } = this.run(x, (x, weights, { index, reverse }) => {
      const state = this.stateAt(hidden, index, "hidden");
      return rnn(x, weights, { hidden: state, reverse, nonlinearity });
    });
    return { output, hidden: this.together(results.map((result) => result.hidden), x) };
  }
}
