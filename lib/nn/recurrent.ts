/**
 * What recurrent layers have in common: their parameters, and the way through layers and
 * directions.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { dropout } from "../ops/dropout.ts";
import { exchangeOuter } from "../ops/embedding.ts";
import { concat, stack } from "../ops/joining.ts";
import type { RecurrentResult, RecurrentWeights } from "../ops/recurrent.ts";
import { uniform } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { probability } from "./probability.ts";

/** Options of recurrent layers; the names are PyTorch's. */
export interface RecurrentLayerOptions {
  /** Layers on top of each other. Default 1. */
  numLayers?: number;
  /** Whether there are biases. Default: true. */
  bias?: boolean;
  /**
   * Whether inputs and outputs are `[batch, steps, ...]`. Default: false, `[steps, batch, ...]`.
   */
  batchFirst?: boolean;
  /** Whether each layer also reads from the end; its outputs are twice as wide. Default: false. */
  bidirectional?: boolean;
  /** Probability of dropout behind every layer but the last, while training. Default 0. */
  dropout?: number;
}

/** Parameters of one layer in one direction, or of a cell. */
export interface RecurrentParameters {
  /** `[gates * hidden, inputs]`. */
  readonly weightIh: Parameter;
  /** `[gates * hidden, hidden]`. */
  readonly weightHh: Parameter;
  /** `[gates * hidden]`. */
  readonly biasIh?: Parameter;
  /** `[gates * hidden]`. */
  readonly biasHh?: Parameter;
}

/** Parameters, at first uniform in +-1/sqrt(hidden), as in PyTorch. */
export function recurrentParameters(
  gates: number,
  inputs: number,
  hidden: number,
  bias = true,
): RecurrentParameters {
  const bound = 1 / Math.sqrt(hidden);
  const made = (shape: number[]) => new Parameter(shape, () => uniform(shape, bound));
  const weights = {
    weightIh: made([gates * hidden, inputs]),
    weightHh: made([gates * hidden, hidden]),
  };
  if (!bias) return weights;
  return { ...weights, biasIh: made([gates * hidden]), biasHh: made([gates * hidden]) };
}

/** The tensors of parameters. */
export function recurrentWeights(parameters: RecurrentParameters): RecurrentWeights {
  return {
    weightIh: parameters.weightIh.tensor,
    weightHh: parameters.weightHh.tensor,
    biasIh: parameters.biasIh?.tensor,
    biasHh: parameters.biasHh?.tensor,
  };
}

/** One layer in one direction: what the subclass computes. */
export type Pass<Result extends RecurrentResult> = (
  x: Tensor,
  weights: RecurrentWeights,
  place: { index: number; reverse: boolean },
) => Result;

/** Base of {@linkcode RNN}, {@linkcode LSTM} and {@linkcode GRU}. */
export abstract class RecurrentLayers<Output> extends Module<Output> {
  /** Units of each layer and direction. */
  readonly hiddenSize: number;
  /** Whether inputs and outputs are `[batch, steps, ...]`. */
  readonly batchFirst: boolean;
  /** Probability of dropout between layers. */
  readonly dropout: number;
  readonly #directions: 1 | 2;
  /** Layer by layer, the direction from the end behind the other one. */
  readonly #parameters: readonly RecurrentParameters[];

  /**
   * Makes the parameters, as properties: `weightIhL0` is `weight_ih_l0` in the state dict,
   * `biasHhL1Reverse` `bias_hh_l1_reverse`.
   */
  constructor(gates: number, inputs: number, hidden: number, options: RecurrentLayerOptions = {}) {
    super();
    const { numLayers = 1, bias = true } = options;
    if (!Number.isInteger(numLayers) || numLayers < 1) {
      throw new QorusError(
        "invalid_argument",
        `numLayers: ${numLayers} is no whole number from 1 on`,
        { field: "numLayers", given: numLayers },
      );
    }
    this.hiddenSize = hidden;
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = probability(options.dropout ?? 0, this.constructor.name);
    this.#directions = options.bidirectional ? 2 : 1;
    const places = Array.from({ length: numLayers * this.#directions }, (_, i) => ({
      layer: Math.floor(i / this.#directions),
      suffix: i % this.#directions === 1 ? "Reverse" : "",
    }));
    this.#parameters = places.map(({ layer, suffix }) => {
      const width = layer === 0 ? inputs : hidden * this.#directions;
      const made = recurrentParameters(gates, width, hidden, bias);
      for (const [name, parameter] of Object.entries(made)) {
        Object.assign(this, { [`${name}L${layer}${suffix}`]: parameter });
      }
      return made;
    });
  }

  /**
   * Runs a sequence through all layers; `results` are those of each layer and direction.
   *
   * @param x `[steps, batch, inputs]`, as `batchFirst` has it, or `[steps, inputs]`
   */
  protected run<Result extends RecurrentResult>(
    x: Tensor,
    pass: Pass<Result>,
  ): { output: Tensor; results: Result[] } {
    const { rank, shape } = x;
    if (rank !== 2 && rank !== 3) {
      const sizes = this.batchFirst ? "[batch, steps, inputs]" : "[steps, batch, inputs]";
      throw new QorusError(
        "invalid_shape",
        `recurrent layer: x is [${shape.join(", ")}], expected ${sizes} or [steps, inputs]`,
        { field: "x", given: shape },
      );
    }
    const single = rank === 2;
    let sequence = single ? x.reshape([shape[0], 1, shape[1]]) : x;
    if (this.batchFirst && !single) sequence = exchangeOuter(sequence);
    const results: Result[] = [];
    while (results.length < this.#parameters.length) {
      const isFirst = results.length === 0;
      const read = isFirst || this.dropout === 0
        ? sequence
        : dropout(sequence, { p: this.dropout, training: this.training });
      const layer = this.#layer(read.contiguous(), results.length, pass);
      results.push(...layer);
      sequence = layer.length === 1 ? layer[0].output : concat(layer.map((part) => part.output), 2);
    }
    if (this.batchFirst && !single) sequence = sequence.transpose(0, 1).contiguous();
    return {
      output: single ? sequence.reshape([shape[0], sequence.shape[2]]) : sequence,
      results,
    };
  }

  #layer<Result extends RecurrentResult>(x: Tensor, first: number, pass: Pass<Result>): Result[] {
    return Array.from({ length: this.#directions }, (_, direction) => {
      const index = first + direction;
      const weights = recurrentWeights(this.#parameters[index]);
      return pass(x, weights, { index, reverse: direction === 1 });
    });
  }

  /** The state of one layer and direction as `[batch, hidden]`, from `[layers, batch, hidden]`. */
  protected stateAt(state: Tensor | undefined, index: number, name: string): Tensor | undefined {
    if (state === undefined) return undefined;
    const { shape } = state;
    const [count, batch] = [shape[0], shape.length === 2 ? 1 : shape[1]];
    const fits = shape.length === 2 || shape.length === 3;
    if (!fits || count !== this.#parameters.length || shape.at(-1) !== this.hiddenSize) {
      throw new QorusError(
        "invalid_shape",
        `recurrent layer: ${name} is [${shape.join(", ")}], expected ` +
          `[${this.#parameters.length}, batch, ${this.hiddenSize}], or without the batch where x ` +
          "has none",
        { field: name, given: shape },
      );
    }
    return state.slice(0, index, index + 1).reshape([batch, this.hiddenSize]);
  }

  /** States of all layers and directions, shaped as the input is batched. */
  protected together(states: readonly Tensor[], { rank }: Tensor): Tensor {
    const stacked = stack(states);
    return rank === 2 ? stacked.reshape([states.length, this.hiddenSize]) : stacked;
  }
}
