/**
 * Recurrent networks: one layer over a whole sequence, in one direction, and single cells.
 *
 * The inputs' products of all steps are one matrix product; then each step is one product with the
 * state, fused with its cell. On the way back the steps give the gradients of their gates, from
 * which one product each makes the gradients of weights and inputs.
 *
 * @module
 */

import { codeOf } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import type { GradientPlaces } from "../core/gradient.ts";
import { type BackwardOfSeveral, recordOutputs } from "../core/gradient_outputs.ts";
import { checkTensor, handleOf, sumTo, type Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { add } from "./elementwise.ts";
import { linear, weightGradient } from "./matmul.ts";
import { type SequenceShape, States } from "./recurrent_states.ts";

/** Weights of a recurrent layer or cell, f32, with as many blocks of rows as it has gates. */
export interface RecurrentWeights {
  /** `[gates * hidden, inputs]`; any dtype that {@linkcode linear} takes. */
  weightIh: Tensor;
  /** `[gates * hidden, hidden]`. */
  weightHh: Tensor;
  /** `[gates * hidden]`. */
  biasIh?: Tensor;
  /** `[gates * hidden]`. */
  biasHh?: Tensor;
}

/** How a layer reads its sequence. */
export interface RecurrentOptions {
  /** State in front of the first step, `[batch, hidden]`. Default: zeros. */
  hidden?: Tensor;
  /** Begin with the last step. Default: false. */
  reverse?: boolean;
}

/** What {@linkcode rnn} and {@linkcode gru} return. */
export interface RecurrentResult {
  /** States behind each step, `[steps, batch, hidden]`. */
  output: Tensor;
  /** State behind the last step that was read, `[batch, hidden]`. */
  hidden: Tensor;
}

/** What {@linkcode lstm} returns. */
export interface LSTMResult extends RecurrentResult {
  /** Cells behind the last step that was read, `[batch, hidden]`. */
  cell: Tensor;
}

/** The function of a plain recurrent network. */
export type Nonlinearity = "tanh" | "relu";

// The codes of zig/kernels/cpu/recurrent_interface.zig.
const nonlinearityCodes: Readonly<Record<Nonlinearity, number>> = { tanh: 0, relu: 1 };

function shapeOf(
  op: string,
  x: Tensor,
  { weightIh, weightHh }: RecurrentWeights,
  gates: number,
  reverse = false,
): SequenceShape {
  for (const operand of [x, weightIh, weightHh]) checkTensor(operand, op);
  const [given, rows, [gateRows, hidden]] = [x.shape, weightIh.shape[0], weightHh.shape];
  if (given.length !== 3 || given[0] === 0) {
    throw new QorusError(
      "invalid_shape",
      `${op}: x is [${given.join(", ")}], expected [steps, batch, inputs] with at least one step`,
      { op, field: "x", given },
    );
  }
  if (gateRows !== gates * hidden || rows !== gateRows) {
    throw new QorusError(
      "invalid_shape",
      `${op}: weightIh is [${weightIh.shape.join(", ")}] and weightHh ` +
        `[${weightHh.shape.join(", ")}], expected [${gates} * hidden, inputs] and ` +
        `[${gates} * hidden, hidden]`,
      { op, field: "weightHh", given: [weightIh.shape, weightHh.shape] },
    );
  }
  return { steps: given[0], batch: given[1], hidden, reverse };
}

/** Both biases in one: what they are added to is the same sum. */
function sumOfBiases({ biasIh, biasHh }: RecurrentWeights): Tensor | undefined {
  return biasIh === undefined || biasHh === undefined ? biasIh ?? biasHh : add(biasIh, biasHh);
}

function gatesLike({ steps, batch, hidden }: SequenceShape, gates: number): Tensor {
  return empty([steps, batch, gates * hidden]);
}

/** The gradient of the weights that meet the states: one product over all steps. */
function stateWeightGradient(
  weight: Tensor,
  gates: Tensor,
  states: States,
  places: GradientPlaces,
): Tensor | undefined {
  if (!weight.requiresGrad) return undefined;
  const [steps, batch, columns] = gates.shape;
  // Weights are the second input of every layer.
  return weightGradient(places(1), gates.view([steps * batch, columns]), states.previous);
}

function present(tensors: readonly (Tensor | undefined)[]): Tensor[] {
  return tensors.filter((tensor) => tensor !== undefined);
}

/**
 * Puts a layer on the tape. Gates were overwritten in place: nothing else reads the product that
 * they were, and its own gradient does not need it.
 */
function recordLayer(
  op: string,
  outputs: readonly Tensor[],
  inputs: readonly (Tensor | undefined)[],
  backward: BackwardOfSeveral,
): void {
  recordOutputs(
    op,
    outputs,
    present(inputs),
    (gradients, places) => backward(gradients, places).filter((_, i) => inputs[i] !== undefined),
  );
}

/**
 * A plain recurrent layer (Elman 1990):
 * `h = f(weightIh x + biasIh + weightHh h + biasHh)` with f tanh or relu.
 *
 * @param x f32 `[steps, batch, inputs]`
 * @throws {QorusError} `invalid_shape` when x, weights and state do not fit each other.
 */
export function rnn(
  x: Tensor,
  weights: RecurrentWeights,
  options: RecurrentOptions & { nonlinearity?: Nonlinearity } = {},
): RecurrentResult {
  const op = "rnn";
  const shape = shapeOf(op, x, weights, 1, options.reverse);
  const code = codeOf(nonlinearityCodes, options.nonlinearity ?? "tanh", "nonlinearity", op);
  const reverse = shape.reverse ? 1 : 0;
  const { weightHh } = weights;
  const library = context();
  const gates = linear(x, weights.weightIh, sumOfBiases(weights));
  const states = new States(shape).start(options.hidden, op, "hidden");
  const handles = [gates, weightHh, states.all].map((tensor) => handleOf(tensor, op));
  library.check(library.native.q_rnn(code, reverse, handles[0], handles[1], handles[2]), op);
  const result = { output: states.outputs, hidden: states.final };
  recordLayer(
    op,
    [result.output, result.hidden],
    [gates, weightHh, options.hidden],
    (given, places) => {
      const received = new States(shape).receive(given[0], given[1]);
      const gateGradients = gatesLike(shape, 1);
      library.check(
        library.native.q_rnn_backward(
          code,
          reverse,
          handleOf(states.all, op),
          handleOf(weightHh, op),
          received.all.handle,
          gateGradients.handle,
        ),
        op,
      );
      const ofWeight = stateWeightGradient(weightHh, gateGradients, states, places);
      return [gateGradients, ofWeight, received.initial];
    },
  );
  return result;
}

/**
 * A layer of long short-term memory (Hochreiter and Schmidhuber 1997, with forget gates), its gates
 * in PyTorch's order:
 *
 * `i, f, o = sigmoid(...)`, `g = tanh(...)`, each of `weightIh x + biasIh + weightHh h + biasHh`;
 * `c = f c + i g`, `h = o tanh(c)`.
 *
 * @param x f32 `[steps, batch, inputs]`
 * @param options the initial state: `hidden` and `cell`, `[batch, hidden]`
 * @throws {QorusError} `invalid_shape` when x, weights and state do not fit each other.
 *
 * @example
 * ```ts
 * import { lstm, rand } from "@qorus/qorus";
 *
 * const weights = { weightIh: rand([4 * 5, 3]), weightHh: rand([4 * 5, 5]) };
 * lstm(rand([7, 2, 3]), weights).output.shape; // [7, 2, 5]
 * ```
 */
export function lstm(
  x: Tensor,
  weights: RecurrentWeights,
  options: RecurrentOptions & { cell?: Tensor } = {},
): LSTMResult {
  const op = "lstm";
  const shape = shapeOf(op, x, weights, 4, options.reverse);
  const reverse = shape.reverse ? 1 : 0;
  const { weightHh } = weights;
  const library = context();
  const gates = linear(x, weights.weightIh, sumOfBiases(weights));
  const states = new States(shape).start(options.hidden, op, "hidden");
  const cells = new States(shape).start(options.cell, op, "cell");
  const handles = [gates, weightHh, states.all, cells.all].map((tensor) => handleOf(tensor, op));
  library.check(
    library.native.q_lstm(reverse, handles[0], handles[1], handles[2], handles[3]),
    op,
  );
  const result = { output: states.outputs, hidden: states.final, cell: cells.final };
  const outputs = [result.output, result.hidden, result.cell];
  recordLayer(op, outputs, [gates, weightHh, options.hidden, options.cell], (given, places) => {
    const received = new States(shape).receive(given[0], given[1]);
    const cellGradients = empty([shape.batch, shape.hidden]);
    if (given[2] === undefined) cellGradients.fill(0);
    else cellGradients.copyFrom(given[2]);
    const gateGradients = gatesLike(shape, 4);
    library.check(
      library.native.q_lstm_backward(
        reverse,
        handleOf(gates, op),
        handleOf(cells.all, op),
        handleOf(weightHh, op),
        received.all.handle,
        cellGradients.handle,
        gateGradients.handle,
      ),
      op,
    );
    const ofWeight = stateWeightGradient(weightHh, gateGradients, states, places);
    return [gateGradients, ofWeight, received.initial, cellGradients];
  });
  return result;
}

/**
 * A layer of gated recurrent units (Cho et al. 2014), its gates in PyTorch's order:
 *
 * `r, z = sigmoid(weightIh x + biasIh + weightHh h + biasHh)`,
 * `n = tanh(weightIh x + biasIh + r (weightHh h + biasHh))`, `h = (1 - z) n + z h`.
 *
 * @param x f32 `[steps, batch, inputs]`
 * @throws {QorusError} `invalid_shape` when x, weights and state do not fit each other.
 */
export function gru(
  x: Tensor,
  weights: RecurrentWeights,
  options: RecurrentOptions = {},
): RecurrentResult {
  const op = "gru";
  const shape = shapeOf(op, x, weights, 3, options.reverse);
  const reverse = shape.reverse ? 1 : 0;
  const { weightHh, biasHh } = weights;
  const library = context();
  const gates = linear(x, weights.weightIh, weights.biasIh);
  const states = new States(shape).start(options.hidden, op, "hidden");
  const candidates = gatesLike(shape, 1);
  library.check(
    library.native.q_gru(
      reverse,
      gates.handle,
      handleOf(weightHh, op),
      biasHh === undefined ? 0 : handleOf(biasHh, op),
      states.all.handle,
      candidates.handle,
    ),
    op,
  );
  const result = { output: states.outputs, hidden: states.final };
  const inputs = [gates, weightHh, biasHh, options.hidden];
  recordLayer(op, [result.output, result.hidden], inputs, (given, places) => {
    const received = new States(shape).receive(given[0], given[1]);
    const gateGradients = gatesLike(shape, 3);
    const hiddenGradients = gatesLike(shape, 3);
    library.check(
      library.native.q_gru_backward(
        reverse,
        handleOf(gates, op),
        handleOf(candidates, op),
        handleOf(states.all, op),
        handleOf(weightHh, op),
        received.all.handle,
        gateGradients.handle,
        hiddenGradients.handle,
      ),
      op,
    );
    const ofBias = biasHh?.requiresGrad ? sumTo(hiddenGradients, biasHh.shape) : undefined;
    const ofWeight = stateWeightGradient(weightHh, hiddenGradients, states, places);
    return [gateGradients, ofWeight, ofBias, received.initial];
  });
  return result;
}
