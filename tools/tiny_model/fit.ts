/**
 * Fits the tiny model's output matrix: multinomial logistic regression by gradient descent.
 *
 * @module
 */

import { config, type Matrix } from "./network.ts";

/** Tokens that the text does not contain get a weight that makes them improbable. */
const improbable = -6;

const steps = 300;

/** Pull of weights towards zero, which keeps the model from learning the text by heart. */
const shrink = 5e-4;

/**
 * The output matrix that makes each next token probable, given what the network knows before it.
 *
 * @param states inputs of the matrix
 * @param next the token that follows each
 * @param alphabet tokens that occur
 */
export function fitOutput(
  states: readonly Float64Array[],
  next: readonly number[],
  alphabet: readonly number[],
): { output: Matrix; loss: number } {
  const width = config.hiddenSize;
  const classes = new Map(alphabet.map((token, i) => [token, i]));
  const weights = new Float64Array(alphabet.length * width);
  const [means, squares] = [new Float64Array(weights.length), new Float64Array(weights.length)];
  const targets = next.map((token) => classes.get(token)!);
  let loss = 0;
  for (let step = 1; step <= steps; step++) {
    const gradient = new Float64Array(weights.length);
    loss = addGradients(gradient, weights, states, targets) / states.length;
    // Adam (Kingma and Ba, 2015) with a rate that falls to zero, and weight decay.
    const rate = 0.1 * (1 - (step - 1) / steps);
    for (let i = 0; i < weights.length; i++) {
      const slope = gradient[i] / states.length + shrink * weights[i];
      means[i] = 0.9 * means[i] + 0.1 * slope;
      squares[i] = 0.99 * squares[i] + 0.01 * slope * slope;
      const mean = means[i] / (1 - 0.9 ** step);
      weights[i] -= rate * mean / (Math.sqrt(squares[i] / (1 - 0.99 ** step)) + 1e-9);
    }
  }
  const output = new Float64Array(config.vocabSize * width);
  for (let token = 0; token < config.vocabSize; token++) output[token * width] = improbable;
  for (const [token, i] of classes) {
    output.set(weights.subarray(i * width, (i + 1) * width), token * width);
  }
  return { output: { rows: config.vocabSize, columns: width, values: output }, loss };
}

function addGradients(
  gradient: Float64Array,
  weights: Float64Array,
  states: readonly Float64Array[],
  targets: readonly number[],
): number {
  const width = config.hiddenSize;
  const count = weights.length / width;
  const probabilities = new Float64Array(count);
  let loss = 0;
  for (const [position, state] of states.entries()) {
    let largest = -Infinity;
    for (let i = 0; i < count; i++) {
      let logit = 0;
      for (let j = 0; j < width; j++) logit += weights[i * width + j] * state[j];
      probabilities[i] = logit;
      largest = Math.max(largest, logit);
    }
    let total = 0;
    for (let i = 0; i < count; i++) {
      total += probabilities[i] = Math.exp(probabilities[i] - largest);
    }
    loss -= Math.log(probabilities[targets[position]] / total);
    for (let i = 0; i < count; i++) {
      const error = probabilities[i] / total - (i === targets[position] ? 1 : 0);
      for (let j = 0; j < width; j++) gradient[i * width + j] += error * state[j];
    }
  }
  return loss;
}
