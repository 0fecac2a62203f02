/**
 * Gated recurrent units.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { gru } from "../ops/recurrent.ts";
import { type RecurrentLayerOptions, RecurrentLayers } from "./recurrent.ts";
import type { RecurrentOutput } from "./rnn.ts";

/**
 * A network of gated recurrent units (Cho et al. 2014), gates in the order r, z, n: see
 * {@linkcode gru}. Without a batch, inputs are `[steps, inputs]` and states
 * `[layers * directions, hidden]`.
 */
export class GRU extends RecurrentLayers<RecurrentOutput> {
  /** Makes layers from `inputs` features to `hidden` units. */
  constructor(inputs: number, hidden: number, options: RecurrentLayerOptions = {}) {
    super(3, inputs, hidden, options);
  }

  /**
   * Reads a sequence.
   *
   * @param x f32 `[steps, batch, inputs]`, as `batchFirst` has it, or `[steps, inputs]`
   * @param hidden initial states, `[layers * directions, batch, hidden]`. Default: zeros
   */
  forward(x: Tensor, hidden?: Tensor): RecurrentOutput {
    const { output, results } = this.run(
      x,
      (x, weights, { index, reverse }) =>
        gru(x, weights, { hidden: this.stateAt(hidden, index, "hidden"), reverse }),
    );
    return { output, hidden: this.together(results.map((result) => result.hidden), x) };
  }
}
