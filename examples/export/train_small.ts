/**
 * A small Llama that soon knows a few nursery rhymes by heart.
 *
 * @module
 */

import {
  crossEntropy,
  Llama,
  manualSeed,
  type ModelConfig,
  optim,
  scope,
  type Tokenizer,
  train,
  trainBpe,
} from "@qorus/qorus";
import { readText } from "../support/text_file.ts";

const contextLength = 64;
const batchSize = 8;

/** Every size is a multiple of 32, the block of Q8_0, so that each matrix can be quantized. */
function configFor(vocabSize: number): ModelConfig {
  return {
    architecture: "llama",
    vocabSize,
    hiddenSize: 64,
    intermediateSize: 160,
    layerCount: 2,
    headCount: 2,
    keyValueHeadCount: 1,
    headSize: 32,
    contextLength,
    normEpsilon: 1e-5,
    ropeBase: 10000,
    ropeStyle: "half",
    tiedEmbeddings: false,
    attentionBias: false,
  };
}

/** Trains tokenizer and network on the rhymes, in a loop that is written out. */
export async function trainSmall(
  steps: number,
  seed: number,
): Promise<{ network: Llama; tokenizer: Tokenizer }> {
  const text = readText(new URL("../support/rhymes.txt", import.meta.url));
  const tokenizer = await trainBpe(text, 512, { specialTokens: ["<s>", "</s>"] });
  manualSeed(seed);
  const network = new Llama(configFor(tokenizer.vocabSize));
  using optimizer = new optim.AdamW(network.parameters(), { lr: 5e-3, weightDecay: 0.01 });
  const windows = train.TextWindows.fromText(text, tokenizer, { length: contextLength, stride: 1 });
  using loader = new train.DataLoader(windows, {
    batchSize,
    samplesPerEpoch: steps * batchSize,
    seed,
  });
  let step = 0;
  for (const { x, y } of loader) {
    using _ = scope();
    const loss = crossEntropy(network.forward(x).view([y.size, -1]), y.view([y.size]));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    if (++step % Math.ceil(steps / 4) === 0) {
      console.log(`step ${step}: loss ${loss.item().toFixed(3)}`);
    }
  }
  return { network, tokenizer };
}
