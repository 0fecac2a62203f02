/**
 * The tiny model's network: its sizes, its weights, and a plain forward pass in double precision.
 *
 * The first layer's heads look one to six tokens back, by hand-made phases of the rotary positions;
 * everything else is random. So each position knows the last tokens, and what follows can be
 * learned by fitting the output matrix alone.
 *
 * @module
 */

import type { ModelConfig } from "../../lib/formats/types.ts";

/** Sizes of the network. */
export const config: ModelConfig = {
  architecture: "llama",
  vocabSize: 259,
  hiddenSize: 96,
  intermediateSize: 160,
  layerCount: 2,
  headCount: 6,
  keyValueHeadCount: 2,
  headSize: 16,
  contextLength: 512,
  normEpsilon: 1e-5,
  ropeBase: 10000,
  ropeStyle: "neighbouring",
  tiedEmbeddings: false,
  attentionBias: false,
};

/** A matrix, row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Numbers that look normally distributed, the same on every machine: only sums and products. */
export class SeededNumbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1) (mulberry32). */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Mean 0, variance 1: a sum of twelve uniform numbers. */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.uniform();
    return sum;
  }
}

function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

function random(rows: number, columns: number, scale: number, numbers: SeededNumbers): Matrix {
  const matrix = zeros(rows, columns);
  for (let i = 0; i < matrix.values.length; i++) matrix.values[i] = scale * numbers.normal();
  return matrix;
}

/** Weights of one layer, named as Hugging Face names them. */
export interface Layer {
  readonly q_proj: Matrix;
  readonly k_proj: Matrix;
  readonly v_proj: Matrix;
  readonly o_proj: Matrix;
  readonly gate_proj: Matrix;
  readonly up_proj: Matrix;
  readonly down_proj: Matrix;
}

/** Weights of the network up to the output matrix; all norms are ones. */
export interface Network {
  readonly embedding: Matrix;
  readonly layers: readonly Layer[];
}

// Where the residual stream keeps what: a constant, the token's own code, those of tokens before.
const constantColumn = 0;
const ownColumn = 1;
const ownColumns = 31;
const headColumn = ownColumn + ownColumns;
const codeColumns = 16;

const space = 32;

/** A head that looks `distance` tokens back gets this much more score than its neighbours. */
const focus = 90;

/** Makes the weights up to the output matrix. */
export function makeNetwork(seed: number, alphabet: readonly number[]): Network {
  const numbers = new SeededNumbers(seed);
  const embedding = random(config.vocabSize, config.hiddenSize, 0.25, numbers);
  for (let token = 0; token < config.vocabSize; token++) {
    const row = embedding.values.subarray(token * config.hiddenSize);
    row[constantColumn] = 1;
    row.fill(0, headColumn, config.hiddenSize);
  }
  // The characters of the text get directions of their own as far as there are any; capital
  // letters are read like small ones, what is unknown like a space.
  for (let token = 0; token < 256; token++) {
    const letter = String.fromCharCode(token).toLowerCase().charCodeAt(0);
    const known = alphabet.includes(letter) ? alphabet.indexOf(letter) : alphabet.indexOf(space);
    const row = embedding.values.subarray(token * config.hiddenSize);
    for (let column = 0; column < ownColumns; column++) row[ownColumn + column] *= 0.2;
    row[ownColumn + known % ownColumns] += 1.5;
  }
  return { embedding, layers: [lookingLayer(numbers), mixingLayer(numbers)] };
}

function feedForward(numbers: SeededNumbers, scale: number) {
  const { hiddenSize, intermediateSize } = config;
  return {
    gate_proj: random(intermediateSize, hiddenSize, 0.3, numbers),
    up_proj: random(intermediateSize, hiddenSize, 0.3, numbers),
    down_proj: random(hiddenSize, intermediateSize, scale, numbers),
  };
}

/** Looks back: query heads turn a constant so far that it meets the key some tokens before. */
function lookingLayer(numbers: SeededNumbers): Layer {
  const { hiddenSize, headCount, keyValueHeadCount, headSize, ropeBase } = config;
  const q = zeros(headCount * headSize, hiddenSize);
  const k = zeros(keyValueHeadCount * headSize, hiddenSize);
  for (let head = 0; head < headCount; head++) {
    for (let pair = 0; pair < headSize / 2; pair++) {
      const angle = -distanceOf(head) * ropeBase ** (-2 * pair / headSize);
      const row = head * headSize + 2 * pair;
      q.values[row * hiddenSize + constantColumn] = focus * Math.cos(angle);
      q.values[(row + 1) * hiddenSize + constantColumn] = focus * Math.sin(angle);
    }
  }
  for (let row = 0; row < k.rows; row += 2) k.values[row * hiddenSize + constantColumn] = 1;
  const v = zeros(keyValueHeadCount * headSize, hiddenSize);
  for (let row = 0; row < v.rows; row++) {
    for (let column = 0; column < ownColumns; column++) {
      v.values[row * hiddenSize + ownColumn + column] = 0.04 * numbers.normal();
    }
  }
  const o = zeros(hiddenSize, headCount * headSize);
  for (let head = 0; head < headCount; head++) {
    for (let i = 0; i < headSize; i++) {
      const column = head * headSize + i;
      const row = headColumn + (head % 4) * codeColumns + i;
      // Heads beyond the fourth share the place of another, turned by a random matrix.
      if (head < 4) o.values[row * o.columns + column] = 1 - 0.15 * head;
      for (let other = 0; head >= 4 && other < codeColumns; other++) {
        const target = headColumn + (head % 4) * codeColumns + other;
        o.values[target * o.columns + column] = 0.12 * numbers.normal();
      }
    }
  }
  return { q_proj: q, k_proj: k, v_proj: v, o_proj: o, ...feedForward(numbers, 0.002) };
}

/** How many tokens back a head of the first layer looks. */
function distanceOf(head: number): number {
  // Heads 0 to 2 share one set of values, 3 to 5 the other.
  return [1, 2, 5, 3, 4, 6][head];
}

/** Mixes: everything is random, so that products of what is known become known too. */
function mixingLayer(numbers: SeededNumbers): Layer {
  const { hiddenSize, headCount, keyValueHeadCount, headSize } = config;
  return {
    q_proj: random(headCount * headSize, hiddenSize, 0.1, numbers),
    k_proj: random(keyValueHeadCount * headSize, hiddenSize, 0.1, numbers),
    v_proj: random(keyValueHeadCount * headSize, hiddenSize, 0.1, numbers),
    o_proj: random(hiddenSize, headCount * headSize, 0.02, numbers),
    ...feedForward(numbers, 0.003),
  };
}

function multiply({ rows, columns, values }: Matrix, x: Float64Array): Float64Array {
  const y = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += values[row * columns + i] * x[i];
    y[row] = sum;
  }
  return y;
}

function normalize(x: Float64Array): Float64Array {
  let squares = 0;
  for (const value of x) squares += value * value;
  const scale = 1 / Math.sqrt(squares / x.length + config.normEpsilon);
  return x.map((value) => value * scale);
}

/** Turns neighbouring pairs of every head by the position's angles. */
function rotate(x: Float64Array, position: number): void {
  const { headSize, ropeBase } = config;
  for (let i = 0; i < x.length; i += 2) {
    const angle = position * ropeBase ** (-(i % headSize) / headSize);
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    [x[i], x[i + 1]] = [x[i] * cosine - x[i + 1] * sine, x[i] * sine + x[i + 1] * cosine];
  }
}

function attend(
  q: Float64Array,
  keys: readonly Float64Array[],
  values: readonly Float64Array[],
): Float64Array {
  const { headCount, keyValueHeadCount, headSize } = config;
  const out = new Float64Array(headCount * headSize);
  for (let head = 0; head < headCount; head++) {
    const start = Math.floor(head / (headCount / keyValueHeadCount)) * headSize;
    const scores = keys.map((key) => {
      let sum = 0;
      for (let i = 0; i < headSize; i++) sum += q[head * headSize + i] * key[start + i];
      return sum / Math.sqrt(headSize);
    });
    const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    const weights = scores.map((score) => Math.exp(score - largest));
    const total = weights.reduce((a, b) => a + b, 0);
    for (const [token, weight] of weights.entries()) {
      for (let i = 0; i < headSize; i++) {
        out[head * headSize + i] += (weight / total) * values[token][start + i];
      }
    }
  }
  return out;
}

/** What the output matrix sees behind every token of a text. */
export function hiddenStates({ embedding, layers }: Network, tokens: readonly number[]) {
  const caches = layers.map(() => ({
    keys: [] as Float64Array[],
    values: [] as Float64Array[],
  }));
  return tokens.map((token, position) => {
    const { hiddenSize } = config;
    const x = embedding.values.slice(token * hiddenSize, (token + 1) * hiddenSize);
    const add = (y: Float64Array) => y.forEach((value, i) => x[i] += value);
    for (const [i, layer] of layers.entries()) {
      const { keys, values } = caches[i];
      const input = normalize(x);
      const [q, k] = [multiply(layer.q_proj, input), multiply(layer.k_proj, input)];
      rotate(q, position);
      rotate(k, position);
      keys.push(k);
      values.push(multiply(layer.v_proj, input));
      add(multiply(layer.o_proj, attend(q, keys, values)));
      const middle = normalize(x);
      const [gate, up] = [multiply(layer.gate_proj, middle), multiply(layer.up_proj, middle)];
      const inner = gate.map((value, j) => (value / (1 + Math.exp(-value))) * up[j]);
      add(multiply(layer.down_proj, inner));
    }
    return normalize(x);
  });
}
