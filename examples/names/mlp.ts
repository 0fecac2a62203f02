/**
 * A perceptron that guesses the next character from the last few (Bengio et al. 2003).
 *
 * @module
 */

import { crossEntropy, nn, tanh, type Tensor, tensor, train } from "@qorus/qorus";
import { boundary, type NameList } from "./name_list.ts";

/** Characters that it sees. */
const contextLength = 5;
const embeddingSize = 16;
const hiddenSize = 128;

/** Embeddings of the last characters, side by side, through one hidden layer. */
export class NameMlp extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly hidden: nn.Linear;
  readonly dropout = new nn.Dropout(0.3);
  readonly out: nn.Linear;

  constructor(vocabSize: number) {
    super();
    this.embedding = new nn.Embedding(vocabSize, embeddingSize);
    this.hidden = new nn.Linear(contextLength * embeddingSize, hiddenSize);
    this.out = new nn.Linear(hiddenSize, vocabSize);
  }

  /** Logits `[batch, vocabSize]` of the character behind each context, i32 `[batch, context]`. */
  forward(contexts: Tensor): Tensor {
    const [batch] = contexts.shape;
    const side = this.embedding.forward(contexts).view([batch, contextLength * embeddingSize]);
    return this.out.forward(this.dropout.forward(tanh(this.hidden.forward(side))));
  }

  /** Logits of the character that follows these ids. */
  next(ids: readonly number[]): Tensor {
    return this.forward(tensor([contextOf(ids)], { dtype: "i32" })).view([-1]);
  }
}

/** The mean over all characters. */
export function mlpLoss(logits: Tensor, { y }: { readonly y: Tensor }): Tensor {
  return crossEntropy(logits, y);
}

/** Each character of each name, behind the characters in front of it. */
export function mlpSamples(
  list: NameList,
  names: readonly string[],
): train.TensorDataset<"x" | "y"> {
  const contexts: number[] = [];
  const next: number[] = [];
  for (const name of names) {
    const ids = list.encode(name);
    for (let i = 1; i < ids.length; i++) {
      contexts.push(...contextOf(ids.slice(0, i)));
      next.push(ids[i]);
    }
  }
  const x = { values: Int32Array.from(contexts), shape: [contextLength] };
  return new train.TensorDataset({ x, y: Int32Array.from(next) });
}

/** The last ids, boundaries in front where there are fewer. */
function contextOf(ids: readonly number[]): number[] {
  const last = ids.slice(-contextLength);
  return [...Array(contextLength - last.length).fill(boundary), ...last];
}
