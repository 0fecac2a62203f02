/**
 * Recurrent networks, through their layers and cells.
 *
 * @module
 */

import type { Tensor } from "../../../lib/core/tensor.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { concat } from "../../../lib/ops/joining.ts";
import {
  gru,
  lstm,
  type RecurrentOptions,
  type RecurrentWeights,
  rnn,
} from "../../../lib/ops/recurrent.ts";
import { GoldenFile } from "../../support/golden.ts";
import type { GoldenRow, Inputs } from "../../support/golden_rows.ts";
import { type GradientCheck, type OpFamily, type OpRow, varied } from "./row.ts";

const golden = new GoldenFile("recurrent");

type Sizes = [inputs: number, hidden: number];

/** As in tools/golden/recurrent.py. */
const cases: Record<string, { sizes: Sizes; options?: nn.RecurrentLayerOptions }> = {
  plain: { sizes: [7, 5] },
  initial: { sizes: [3, 17] },
  wide: { sizes: [4, 33] },
  without_bias: { sizes: [3, 4], options: { bias: false } },
  batch_first: { sizes: [5, 6], options: { batchFirst: true } },
  both_ways: { sizes: [3, 5], options: { numLayers: 2, bidirectional: true } },
  both_ways_batch_first: {
    sizes: [2, 3],
    options: { numLayers: 2, bidirectional: true, batchFirst: true },
  },
  unbatched: { sizes: [3, 4], options: { numLayers: 2 } },
  one: { sizes: [1, 1] },
  empty_batch: { sizes: [3, 4] },
  special: { sizes: [2, 3] },
};

const relu = { nonlinearity: "relu" } as const;

const layers: Record<
  string,
  (sizes: Sizes, options?: nn.RecurrentLayerOptions) => nn.RNN | nn.LSTM | nn.GRU
> = {
  rnn_tanh: (sizes, options) => new nn.RNN(...sizes, options),
  rnn_relu: (sizes, options) => new nn.RNN(...sizes, { ...options, ...relu }),
  lstm: (sizes, options) => new nn.LSTM(...sizes, options),
  gru: (sizes, options) => new nn.GRU(...sizes, options),
};

const cells: Record<string, () => nn.RNNCell | nn.LSTMCell | nn.GRUCell> = {
  rnn_cell: () => new nn.RNNCell(3, 5),
  rnn_relu_cell: () => new nn.RNNCell(3, 5, relu),
  lstm_cell: () => new nn.LSTMCell(3, 5),
  gru_cell: () => new nn.GRUCell(3, 5),
};

/** Every result in one vector, as the golden file has them. */
function flat(result: Tensor | object): Tensor {
  const parts = "handle" in result ? [result as Tensor] : Object.values(result) as Tensor[];
  return concat(parts.map((part) => part.reshape([part.size])));
}

/** Runs a module with the case's parameters and states. */
function apply(module: nn.Module<unknown>, name: string, t: Inputs): Tensor {
  const has = (input: string) => golden.names(`${name}/`).includes(input);
  for (const [parameter, holder] of module.namedParameters()) holder.tensor = t(parameter);
  const x = t("x");
  const hidden = has("hidden") ? t("hidden") : undefined;
  if (module instanceof nn.LSTM || module instanceof nn.LSTMCell) {
    return flat(module.forward(x, has("cell") ? { hidden, cell: t("cell") } : {}));
  }
  return flat((module as nn.RNN | nn.GRU | nn.RNNCell).forward(x, hidden));
}

/** The cases of the layers and cells whose names begin so. */
function casesOf(op: string): GoldenRow[] {
  const begins = ([kind]: [string, unknown]) => kind.startsWith(op);
  const ofLayers = Object.entries(layers).filter(begins).flatMap(([kind, make]) =>
    Object.entries(cases).map(([name, { sizes, options }]): GoldenRow => {
      const row = `${kind}_${name}`;
      return { name: row, run: (t) => apply(make(sizes, options), row, t) };
    })
  );
  const ofCells = Object.entries(cells).filter(begins).flatMap(([kind, make]) =>
    [kind, `${kind}_unbatched`].map((row): GoldenRow => ({
      name: row,
      run: (t) => apply(make(), row, t),
    }))
  );
  return [...ofLayers, ...ofCells];
}

type Run = (x: Tensor, weights: RecurrentWeights, options: RecurrentOptions) => object;

/** Inputs, weights and biases of so many gates, and a state, forwards and in reverse. */
function checksOf(run: Run, gates: number): GradientCheck[] {
  const [steps, batch, inputs, hidden] = [3, 2, 2, 3];
  return [false, true].map((reverse) =>
    varied(
      (x, weightIh, weightHh, biasIh, biasHh, state) =>
        flat(run(x, { weightIh, weightHh, biasIh, biasHh }, { hidden: state, reverse })),
      [steps, batch, inputs],
      [gates * hidden, inputs],
      [gates * hidden, hidden],
      [gates * hidden],
      [gates * hidden],
      [batch, hidden],
    )
  );
}

const lstmFromOneState: Run = (x, weights, options) =>
  lstm(x, weights, { ...options, cell: options.hidden });

function rowOf(op: string, run: Run, gates: number): OpRow {
  return { op, golden: { recurrent: casesOf(op) }, gradient: checksOf(run, gates) };
}

/** The table's rows. */
export const recurrent: OpFamily = {
  title: "Recurrent networks",
  rows: [rowOf("rnn", rnn, 1), rowOf("lstm", lstmFromOneState, 4), rowOf("gru", gru, 3)],
};
