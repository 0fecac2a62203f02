/**
 * Learns how names are spelled, with a perceptron and a transformer, and makes up new ones.
 *
 *   bun examples/names/main.ts [FILE] [--steps N] [--seed N]
 *   deno run -A examples/names/main.ts [FILE] [--steps N] [--seed N]
 *
 * @module
 */

import { fit, manualSeed, type nn, optim, Random, scope, train } from "@qorus/qorus";
import { runExample } from "../support/run_example.ts";
import { mlpLoss, mlpSamples, NameMlp } from "./mlp.ts";
import { NameList } from "./name_list.ts";
import { inventNames } from "./sample.ts";
import { NameTransformer, transformerLoss, transformerSamples } from "./transformer.ts";

const inventedNames = 10;

/** Steps and seeds of one training. */
interface Settings {
  readonly steps: number;
  readonly seed: number;
}

/** The perceptron, in a loop that is written out. */
async function trainMlp(list: NameList, { steps, seed }: Settings): Promise<NameMlp> {
  manualSeed(seed);
  const model = new NameMlp(list.vocabSize);
  using optimizer = new optim.AdamW(model.parameters(), { lr: 3e-3, weightDecay: 0.1 });
  const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: steps });
  using loader = new train.DataLoader(mlpSamples(list, list.training), {
    batchSize: 128,
    samplesPerEpoch: 128 * steps,
    seed,
  });
  using validation = new train.DataLoader(mlpSamples(list, list.validation), { batchSize: 500 });

  console.log(`\nperceptron, ${parameterCount(model)} parameters`);
  const recent = new train.Mean();
  let step = 0;
  for (const { x, y } of loader) {
    using _ = scope();
    const loss = mlpLoss(model.forward(x), { y });
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    schedule.step();
    recent.add(loss.item());
    if (++step % reportEvery(steps) > 0 && step < steps) continue;
    const { loss: valid } = await train.evaluate(model, { data: validation, loss: mlpLoss });
    report(step, recent.value, valid);
    recent.reset();
  }
  return model;
}

/** The transformer, by `fit`, which ends early where validation gets no better. */
async function trainTransformer(list: NameList, settings: Settings): Promise<NameTransformer> {
  const { steps, seed } = settings;
  manualSeed(seed);
  const model = new NameTransformer(list.vocabSize);
  using optimizer = new optim.AdamW(model.parameters(), { lr: 2e-3, weightDecay: 0.1 });
  using loader = new train.DataLoader(transformerSamples(list, list.training), {
    batchSize: 32,
    samplesPerEpoch: 32 * reportEvery(steps),
    seed,
  });
  using data = new train.DataLoader(transformerSamples(list, list.validation), { batchSize: 100 });

  console.log(`\ntransformer, ${parameterCount(model)} parameters`);
  const reportEpoch = ({ step, values }: train.RunRecord) =>
    report(step, values.loss, values.validation_loss);
  const { best, stoppedBy, epochs, history } = await fit(model, {
    data: loader,
    loss: transformerLoss,
    optimizer,
    schedule: new optim.CosineAnnealingLR(optimizer, { tMax: steps }),
    steps,
    clip: { norm: 1 },
    validate: { data },
    earlyStopping: { patience: 3, restoreBest: true },
    progress: "silent",
    onEpoch: reportEpoch,
  });
  if (history.length > epochs) reportEpoch(history[epochs]);
  if (stoppedBy === "earlyStopping") console.log(`goes back to the weights of step ${best?.step}`);
  return model;
}

/** Steps between lines: ten lines in all. */
function reportEvery(steps: number): number {
  return Math.ceil(steps / 10);
}

function report(step: number, loss: number, validationLoss: number): void {
  const numbers = [loss, validationLoss].map((value) => value.toFixed(3));
  console.log(`step ${String(step).padStart(5)}: loss ${numbers[0]}, validation ${numbers[1]}`);
}

function parameterCount(model: nn.Module): string {
  const count = model.parameters().reduce((sum, { tensor }) => sum + tensor.size, 0);
  return count.toLocaleString("en-US");
}

function showNames(model: NameMlp | NameTransformer, list: NameList, seed: number): void {
  model.eval();
  console.log(inventNames(model, list, inventedNames, new Random(seed)).join(", "));
}

await runExample(
  { positionals: ["FILE"], options: { steps: 1000, seed: 1 } },
  async (settings, path) => {
    const list = new NameList(path, new Random(settings.seed));
    const { training, validation, vocabSize } = list;
    console.log(
      `${training.length} names to learn from, ${validation.length} to measure with, ` +
        `${vocabSize - 1} characters`,
    );
    using mlp = await trainMlp(list, settings);
    showNames(mlp, list, settings.seed);
    using transformer = await trainTransformer(list, settings);
    showNames(transformer, list, settings.seed);
  },
);
