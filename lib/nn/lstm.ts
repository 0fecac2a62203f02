/**
 * Long short-term memory.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { lstm } from "../ops/recurrent.ts";
import { type RecurrentLayerOptions, RecurrentLayers } from "./recurrent.ts";
import type { RecurrentOutput } from "./rnn.ts";

/** States of an {@linkcode LSTM}, each `[layers * directions, batch, hidden]`. */
export interface LSTMState {
  /** What the layers put out. */
  hidden: Tensor;
  /** What the layers remember. */
  cell: Tensor;
}

/** What {@linkcode LSTM} returns. */
export interface LSTMOutput extends RecurrentOutput, LSTMState {}

/**
 * A network of long short-term memory (Hochreiter and Schmidhuber 1997), gates in the order i, f,
 * g, o: see {@linkcode lstm}. Without a batch, inputs are `[steps, inputs]` and states
 * `[layers * directions, hidden]`.
 *
 * @example
 * ```ts
 * import { nn, randn } from "@qorus/qorus";
 *
 * const layers = new nn.LSTM(3, 5, { numLayers: 2, batchFirst: true });
 * const { output, hidden, cell } = layers.forward(randn([2, 7, 3]));
 * output.shape; // [2, 7, 5]
 * layers.forward(randn([2, 1, 3]), { hidden, cell }); // goes on where the first call ended
 * ```
 */
export class LSTM extends RecurrentLayers<LSTMOutput> {
  /** Makes layers from `inputs` features to `hidden` units. */
  constructor(inputs: number, hidden: number, options: RecurrentLayerOptions = {}) {
    super(4, inputs, hidden, options);
  }

  /**
   * Reads a sequence.
   *
   * @param x f32 `[steps, batch, inputs]`, as `batchFirst` has it, or `[steps, inputs]`
   * @param state initial states, each `[layers * directions, batch, hidden]`. Default: zeros
   */
  forward(x: Tensor, state: Partial<LSTMState> = {}): LSTMOutput {
    const { output, results } = this.run(x, (x, weights, { index, reverse }) => {
      const hidden = this.stateAt(state.hidden, index, "hidden");
      const cell = this.stateAt(state.cell, index, "cell");
      return lstm(x, weights, { hidden, cell, reverse });
    });
    return {
      output,
      hidden: this.together(results.map((result) => result.hidden), x),
      cell: this.together(results.map((result) => result.cell), x),
    };
  }
}
