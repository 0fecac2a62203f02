/**
 * Single steps of recurrent networks.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { gru, lstm, type Nonlinearity, type RecurrentWeights, rnn } from "../ops/recurrent.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";
import { type RecurrentParameters, recurrentParameters, recurrentWeights } from "./recurrent.ts";

/** Base of the cells: one step of one layer. */
export abstract class RecurrentCell<Output> extends Module<Output> implements RecurrentParameters {
  /** `[gates * hidden, inputs]`. */
  readonly weightIh: Parameter;
  /** `[gates * hidden, hidden]`. */
  readonly weightHh: Parameter;
  /** `[gates * hidden]`. */
  readonly biasIh?: Parameter;
  /** `[gates * hidden]`. */
  readonly biasHh?: Parameter;

  /** Makes the parameters, at first uniform in +-1/sqrt(hidden), as in PyTorch. */
  constructor(gates: number, inputs: number, hidden: number, bias = true) {
    super();
    const made = recurrentParameters(gates, inputs, hidden, bias);
    this.weightIh = made.weightIh;
    this.weightHh = made.weightHh;
    if (made.biasIh !== undefined) this.biasIh = made.biasIh;
    if (made.biasHh !== undefined) this.biasHh = made.biasHh;
  }

  /** The tensors of the parameters. */
  protected get weights(): RecurrentWeights {
    return recurrentWeights(this);
  }
}

/** `[batch, features]` or `[features]` as a sequence of one step. */
function oneStep(x: Tensor): Tensor {
  return x.reshape([1, x.rank === 1 ? 1 : x.shape[0], x.shape[x.rank - 1]]);
}

/** A state as `[batch, hidden]`. */
function batched(state: Tensor | undefined): Tensor | undefined {
  return state?.rank === 1 ? state.reshape([1, state.shape[0]]) : state;
}

/** A result shaped as the input is batched. */
function like({ rank }: Tensor, state: Tensor): Tensor {
  return rank === 1 ? state.reshape([state.shape[1]]) : state;
}

/** One step of {@linkcode RNN}. */
export class RNNCell extends RecurrentCell<Tensor> {
  /** The function of the states. */
  readonly nonlinearity: Nonlinearity;

  /** Makes a cell from `inputs` features to `hidden` units. */
  constructor(
    inputs: number,
    hidden: number,
    options: { bias?: boolean; nonlinearity?: Nonlinearity } = {},
  ) {
    super(1, inputs, hidden, options.bias);
    this.nonlinearity = options.nonlinearity ?? "tanh";
  }

  /** f32 `[batch, inputs]` and the state `[batch, hidden]` (default: zeros) to the next state. */
  forward(x: Tensor, hidden?: Tensor): Tensor {
    const { nonlinearity } = this;
    const options = { hidden: batched(hidden), nonlinearity };
    return like(x, rnn(oneStep(x), this.weights, options).hidden);
  }
}

/** One step of {@linkcode LSTM}. */
export class LSTMCell extends RecurrentCell<{ hidden: Tensor; cell: Tensor }> {
  /** Makes a cell from `inputs` features to `hidden` units. */
  constructor(inputs: number, hidden: number, options: { bias?: boolean } = {}) {
    super(4, inputs, hidden, options.bias);
  }

  /** f32 `[batch, inputs]` and states `[batch, hidden]` (default: zeros) to the next states. */
  forward(
    x: Tensor,
    state: { hidden?: Tensor; cell?: Tensor } = {},
  ): { hidden: Tensor; cell: Tensor } {
    const options = { hidden: batched(state.hidden), cell: batched(state.cell) };
    const { hidden, cell } = lstm(oneStep(x), this.weights, options);
    return { hidden: like(x, hidden), cell: like(x, cell) };
  }
}

/** One step of {@linkcode GRU}. */
export class GRUCell extends RecurrentCell<Tensor> {
  /** Makes a cell from `inputs` features to `hidden` units. */
  constructor(inputs: number, hidden: number, options: { bias?: boolean } = {}) {
    super(3, inputs, hidden, options.bias);
  }

  /** f32 `[batch, inputs]` and the state `[batch, hidden]` (default: zeros) to the next state. */
  forward(x: Tensor, hidden?: Tensor): Tensor {
    return like(x, gru(oneStep(x), this.weights, { hidden: batched(hidden) }).hidden);
  }
}
