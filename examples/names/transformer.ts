/**
 * A small transformer that guesses every character of a name from all those in front of it
 * (Vaswani et al. 2017), with rotary positions.
 *
 * @module
 */

import { crossEntropy, nn, type Tensor, tensor, train } from "@qorus/qorus";
import type { NameList } from "./name_list.ts";

const hiddenSize = 64;
const layerCount = 2;

/** Class of the places behind the end of a name, which do not count. */
const ignoreIndex = -100;

/** Embedding, blocks, norm, logits. */
export class NameTransformer extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly dropout = new nn.Dropout(0.2);
  readonly blocks: nn.TransformerBlock[];
  readonly norm = new nn.RMSNorm(hiddenSize);
  readonly out: nn.Linear;

  constructor(vocabSize: number) {
    super();
    this.embedding = new nn.Embedding(vocabSize, hiddenSize);
    this.blocks = Array.from({ length: layerCount }, () =>
      new nn.TransformerBlock({
        hiddenSize,
        headCount: 4,
        intermediateSize: 2 * hiddenSize,
        ropeStyle: "half",
      }));
    this.out = new nn.Linear(hiddenSize, vocabSize);
  }

  /** Logits `[batch, length, vocabSize]` of the character behind each id, i32 `[batch, length]`. */
  forward(ids: Tensor): Tensor {
    let x = this.dropout.forward(this.embedding.forward(ids));
    for (const block of this.blocks) x = block.forward(x);
    return this.out.forward(this.dropout.forward(this.norm.forward(x)));
  }

  /** Logits of the character that follows these ids. */
  next(ids: readonly number[]): Tensor {
    const logits = this.forward(tensor([[...ids]], { dtype: "i32" }));
    return logits.slice(1, ids.length - 1, ids.length).contiguous().view([-1]);
  }
}

/** The mean over the characters of the names. */
export function transformerLoss(logits: Tensor, { y }: { readonly y: Tensor }): Tensor {
  return crossEntropy(logits.view([y.size, -1]), y.view([-1]), { ignoreIndex });
}

/** Each name as a row, and the same row one character later. */
export function transformerSamples(
  list: NameList,
  names: readonly string[],
): train.TensorDataset<"x" | "y"> {
  const length = list.longestName + 1;
  const x = new Int32Array(names.length * length);
  const y = new Int32Array(names.length * length).fill(ignoreIndex);
  for (const [row, name] of names.entries()) {
    const ids = list.encode(name);
    x.set(ids.slice(0, -1), row * length);
    y.set(ids.slice(1), row * length);
  }
  return new train.TensorDataset({
    x: { values: x, shape: [length] },
    y: { values: y, shape: [length] },
  });
}
