/**
 * Training the network, with checkpoints and samples of what it writes.
 *
 * @module
 */

import { join } from "node:path";
import {
  crossEntropy,
  fit,
  type Llama,
  load,
  optim,
  saveModel,
  type Tensor,
  type Tokenizer,
  train,
} from "@qorus/qorus";
import type { TrainingData } from "./data.ts";
import { makeNetwork, makeOptimizer } from "./network.ts";
import { configOf, type Recipe } from "./recipe.ts";

/** The learning rate ends at this share of the highest. */
export const lastRateShare = 0.05;
/** Most tokens of a sample. */
const maxTokens = 200;

/** Mean cross-entropy of the next tokens, in nats. */
export function nextTokenLoss(
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
  readonly modelPath: string;
}

/** Where a training keeps its files, and what its samples begin with. */
export interface TrainingPlace {
  readonly folder: string;
  readonly prompt: string;
}

/**
 * Trains a network as the recipe says; the folder gets checkpoints, a log and the model. A run that
 * was interrupted goes on where the newest checkpoint in its folder stands.
 */
export async function trainNetwork(
  recipe: Recipe,
  data: TrainingData,
  place: TrainingPlace,
): Promise<Trained> {
  const { folder } = place;
  const modelPath = join(folder, "tiny-llama.qorus");
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
      if (step % everySteps > 0 && step < steps) return;
      await save(modelPath, network, data.tokenizer, recipe);
      console.log(`\nstep ${step}\n${await sample(modelPath, place.prompt)}\n`);
    },
  });
  await save(modelPath, network, data.tokenizer, recipe);
  return { loss: history.at(-1)?.values.validation_loss ?? NaN, modelPath };
}

/** Writes the model's file, with a word about where it comes from. */
async function save(
  path: string,
  network: Llama,
  tokenizer: Tokenizer,
  { note, steps, seed }: Recipe,
): Promise<void> {
  const provenance = {
    source: "examples/tiny-llama",
    steps: String(steps),
    seed: String(seed),
    ...(note === undefined ? {} : { note }),
  };
  await saveModel(path, network, { tokenizer, dtype: "q8_0", provenance });
}

/** What the model writes, with a little chance. */
async function sample(path: string, prompt: string): Promise<string> {
  using llm = await load(path);
  let text = prompt;
  for await (const token of llm.generate(prompt, { maxTokens, temperature: 0.7, seed: 1 })) {
    text += token.text;
  }
  return text;
}
