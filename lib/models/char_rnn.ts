/**
 * A language model of characters: embedding, LSTM, linear.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { Embedding } from "../nn/embedding.ts";
import { Linear } from "../nn/linear.ts";
import { LSTM, type LSTMState } from "../nn/lstm.ts";
import { Module } from "../nn/module.ts";

/** Sizes of a {@linkcode CharRNN}. */
export interface CharRNNOptions {
  /** Different characters. */
  vocabSize: number;
  /** Elements of a character's vector. */
  embeddingSize: number;
  /** Units of each layer. */
  hiddenSize: number;
  /** Layers on top of each other. Default 2. */
  numLayers?: number;
  /** Probability of dropout between layers, while training. Default 0. */
  dropout?: number;
}

/** What {@linkcode CharRNN} returns: the state goes on with the next characters. */
export interface CharRNNOutput extends LSTMState {
  /** Logits of the character after each one, `[steps, batch, vocabSize]`, or without the batch. */
  logits: Tensor;
}

/**
 * Predicts the next character from those before it (Graves 2013; Karpathy 2015).
 *
 * Parameters are named `embedding.weight`, `lstm.weight_ih_l0` ..., `out.weight`, `out.bias`.
 *
 * @example
 * ```ts
 * import { CharRNN, tensor } from "@qorus/qorus";
 *
 * using model = new CharRNN({ vocabSize: 65, embeddingSize: 32, hiddenSize: 128 });
 * const { logits, hidden, cell } = model.forward(tensor(Int32Array.of(3, 1, 4)));
 * logits.shape; // [3, 65]
 * model.forward(tensor(Int32Array.of(1)), { hidden, cell }); // goes on after the third
 * ```
 */
export class CharRNN extends Module<CharRNNOutput> {
  /** `[vocabSize, embeddingSize]`. */
  readonly embedding: Embedding;
  /** The layers. */
  readonly lstm: LSTM;
  /** From the last layer to logits. */
  readonly out: Linear;

  /** Makes the layers. */
  constructor(options: CharRNNOptions) {
    super();
    const { vocabSize, embeddingSize, hiddenSize, numLayers = 2, dropout } = options;
    this.embedding = new Embedding(vocabSize, embeddingSize);
    this.lstm = new LSTM(embeddingSize, hiddenSize, { numLayers, dropout });
    this.out = new Linear(hiddenSize, vocabSize);
  }

  /**
   * Reads characters.
   *
   * @param ids i32 `[steps, batch]` or `[steps]`
   * @param state what an earlier call returned. Default: zeros
   */
  forward(ids: Tensor, state: Partial<LSTMState> = {}): CharRNNOutput {
    const { output, hidden, cell } = this.lstm.forward(this.embedding.forward(ids), state);
    return { logits: this.out.forward(output), hidden, cell };
  }
}
