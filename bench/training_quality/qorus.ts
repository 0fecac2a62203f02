/**
 * Trains a small Llama on a text with Qorus, and writes down what PyTorch needs to do the same:
 * initial weights, every batch in its order, the windows to validate with and the recipe.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fit, nn, optim, type Precision, scope, tensor, train } from "../../mod.ts";
import { textData } from "../../examples/tiny-llama/data.ts";
import { makeNetwork, makeOptimizer } from "../../examples/tiny-llama/network.ts";
import { configOf, type Recipe } from "../../examples/tiny-llama/recipe.ts";
import { lastRateShare, nextTokenLoss } from "../../examples/tiny-llama/training.ts";

/** A validation. */
export interface Validation {
  /** Updates before it. */
  readonly step: number;
  /** Mean cross-entropy of the validation windows, in nats per token. */
  readonly loss: number;
}

type Windows = train.DataLoader<"x" | "y">;

/** Ids of all windows one after the other, each with the id behind it: one more than it reads. */
function idsOf(loader: Windows, contextLength: number): Int32Array {
  const ids: number[] = [];
  for (const { x, y } of loader) {
    const [inputs, targets] = [x.read(), y.read()];
    for (let start = 0; start < inputs.length; start += contextLength) {
      const end = start + contextLength;
      for (let i = start; i < end; i++) ids.push(inputs[i]);
      ids.push(targets[end - 1]);
    }
  }
  return Int32Array.from(ids);
}

/** Trains; `folder` gets `start.safetensors`, `data.safetensors` and `recipe.json`. */
export async function trainQorus(
  textPath: string,
  recipe: Recipe,
  folder: string,
  precision: Precision,
): Promise<Validation[]> {
  using _ = scope();
  mkdirSync(folder, { recursive: true });
  const data = await textData(textPath, recipe);
  const { batchSize, steps, contextLength, seed } = recipe;
  const config = configOf(recipe, data.tokenizer.vocabSize);
  const lastRate = recipe.learningRate * lastRateShare;
  const loader = () =>
    new train.DataLoader(data.training, { batchSize, seed, samplesPerEpoch: steps * batchSize });
  using validation = new train.DataLoader(data.validation, { batchSize });
  using network = makeNetwork(config, seed);
  await nn.saveSafetensors(join(folder, "start.safetensors"), network.stateDict());
  using dumped = loader();
  const length = contextLength + 1;
  await nn.saveSafetensors(
    join(folder, "data.safetensors"),
    new Map([
      ["batches", tensor(idsOf(dumped, contextLength)).view([steps, batchSize, length])],
      ["validation", tensor(idsOf(validation, contextLength)).view([-1, length])],
    ]),
  );
  writeFileSync(join(folder, "recipe.json"), JSON.stringify({ ...recipe, config, lastRate }));

  using optimizer = makeOptimizer(network, recipe);
  using batches = loader();
  const found = new Validations();
  await fit(network, {
    data: batches,
    loss: nextTokenLoss,
    optimizer,
    schedule: new optim.CosineWarmupLR(optimizer, {
      warmupSteps: recipe.warmupSteps,
      totalSteps: steps,
      etaMin: lastRate,
    }),
    steps,
    clip: { norm: recipe.clipNorm },
    autocast: precision,
    validate: { data: validation, everySteps: recipe.validateEverySteps },
    logs: [found],
    progress: "silent",
  });
  return found.all;
}

/** Keeps the validations of a run. */
class Validations implements train.RunLog {
  readonly all: Validation[] = [];

  open(): void {}

  write({ kind, step, values }: train.RunRecord): void {
    if (kind === "validation") this.all.push({ step, loss: values.loss });
  }

  flush(): void {}

  [Symbol.dispose](): void {}
}
