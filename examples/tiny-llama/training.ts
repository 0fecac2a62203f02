/**
 * Training the network, with checkpoints and samples of what it writes.
 *
 * @module
 */

import { join } from "node:path";
import { crossEntropy, fit, type Llama, load, optim, type Tensor, train } from "@qorus/qorus";
import type { TrainingData } from "./data.ts";
import { makeNetwork, makeOptimizer } from "./network.ts";
import { configOf, type Recipe } from "./recipe.ts";
import { saveModel } from "./save_model.ts";

/** The learning rate ends at this share of the highest. */
const lastRateShare = 0.05;
/** Tokens of a sample. */
const sampleTokens = 200;

/** Mean cross-entropy of the next tokens, in nats. */
function nextTokenLoss(
  logits: Tensor,
  { y }: Readonly<Record<"x" | "y", Tensor>>,
): Tensor {
  return crossEntropy(logits.view([y.size, -1]), y.view([y.size]));
}

/** What came of a training. */
export interface Trained {
  /** Mean loss on the validation windows, in nats per token. */
  readonly loss: number;
  /** The model's file. */
  readonly path: string;
}

/**
 * Trains a network as the recipe says; the folder gets checkpoints, a log and the model. A run that
 * was interrupted goes on where the newest checkpoint in its folder stands.
 */
export async function trainNetwork(
  recipe: Recipe,
  data: TrainingData,
  folder: string,
): Promise<Trained> {
  const { batchSize, steps, warmupSteps, learningRate, seed } = recipe;
  const everySteps = recipe.validateEverySteps;
  using network = makeNetwork(configOf(recipe, data.tokenizer.vocabSize), seed);
  using optimizer = makeOptimizer(network, recipe);
  const etaMin = learningRate * lastRateShare;
  const schedule = new optim.CosineWarmupLR(optimizer, { warmupSteps, totalSteps: steps, etaMin });
  using loader = new train.DataLoader(data.training, {
    batchSize,
    seed,
    ...(data.isDrawn ? { samplesPerEpoch: steps * batchSize } : {}),
  });
  using validation = new train.DataLoader(data.validation, { batchSize });
  const parameterCount = network.parameters().reduce((sum, { size }) => sum + size, 0);
  console.log(`${parameterCount} parameters, ${data.tokenizer.vocabSize} tokens`);
  const { history } = await fit(network, {
    data: loader,
    loss: nextTokenLoss,
    optimizer,
    schedule,
    steps,
    clip: { norm: recipe.clipNorm },
    validate: { data: validation, everySteps },
    checkpoint: { folder: join(folder, "checkpoints"), everySteps, resume: true },
    logs: [new train.JsonLinesLog(join(folder, "run.jsonl"))],
    onStep: async ({ step }) => {
      if (step % everySteps === 0) {
        console.log(`\n${await sample(network, recipe, data, folder)}\n`);
      }
    },
  });
  const path = await saveModel(folder, network, recipe, data.tokenizer);
  return { loss: history.at(-1)?.values.validation_loss ?? NaN, path };
}

/** What the network writes by now, after the recipe's prompt. */
async function sample(
  network: Llama,
  recipe: Recipe,
  { tokenizer }: TrainingData,
  folder: string,
): Promise<string> {
  using llm = await load(await saveModel(folder, network, recipe, tokenizer));
  const maxTokens = Math.min(sampleTokens, recipe.contextLength / 2);
  let text = recipe.prompt;
  for await (const token of llm.generate(text, { maxTokens, temperature: 0.7, seed: 1 })) {
    text += token.text;
  }
  return text.trim();
}
