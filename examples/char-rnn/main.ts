/**
 * Trains an LSTM to write like a text, character by character, or lets a trained one go on with a
 * text.
 *
 *   bun examples/char-rnn/main.ts [FILE] [--steps N] [--hidden N] [--save MODEL] [--seed N]
 *   bun examples/char-rnn/main.ts --load MODEL [--start TEXT] [--length N] [--seed N]
 *
 * `deno run -A` does the same.
 *
 * @module
 */

import {
  CharRNN,
  type CharRNNOutput,
  crossEntropy,
  fit,
  manualSeed,
  optim,
  QorusError,
  Random,
  type Tensor,
  train,
} from "@qorus/qorus";
import { runExample } from "../support/run_example.ts";
import { readText } from "../support/text_file.ts";
import { Characters } from "./characters.ts";
import { loadModel, saveModel } from "./model_file.ts";
import { write } from "./write.ts";

const builtIn = new URL("./verses.txt", import.meta.url);
const [batchSize, windowLength] = [32, 64];
const validationShare = 0.1;
const defaults = {
  steps: 500,
  hidden: 128,
  save: "",
  load: "",
  start: "",
  length: 200,
  seed: 1,
};

type Settings = typeof defaults;

/** Windows of ids, i32 `[batch, windowLength]`, and the ids behind each of them. */
type Windows = Record<"x" | "y", Tensor>;

/** The LSTM takes time first. */
const timeFirst = (ids: Tensor): Tensor => ids.transpose(0, 1).contiguous();

const forward = (model: CharRNN, { x }: Windows): CharRNNOutput => model.forward(timeFirst(x));

/** The mean over all characters. */
const loss = ({ logits }: CharRNNOutput, { y }: Windows): Tensor =>
  crossEntropy(logits.view([y.size, -1]), timeFirst(y).view([-1]));

async function learn(settings: Settings, path: string | undefined): Promise<void> {
  const { steps, hidden, save, seed } = settings;
  const text = readText(path ?? builtIn);
  const characters = Characters.of(text);
  const ids = characters.encode(text);
  const cut = Math.floor((1 - validationShare) * ids.length);
  const stepsPerReport = Math.ceil(steps / 5);
  const training = new train.TextWindows(ids.subarray(0, cut), { length: windowLength, stride: 1 });
  const validation = new train.TextWindows(ids.subarray(cut), { length: windowLength });
  // Windows at random places, as many as it takes until the next report.
  const samplesPerEpoch = batchSize * stepsPerReport;
  using data = new train.DataLoader(training, { batchSize, samplesPerEpoch, seed });
  using validate = new train.DataLoader(validation, { batchSize: 256 });

  manualSeed(seed);
  const sizes = { vocabSize: characters.count, embeddingSize: 32, hiddenSize: hidden };
  using model = new CharRNN({ ...sizes, dropout: 0.2 });
  using optimizer = new optim.AdamW(model.parameters(), { lr: 5e-3, weightDecay: 0.01 });
  const schedule = new optim.CosineWarmupLR(optimizer, {
    warmupSteps: Math.min(20, steps),
    totalSteps: steps,
  });
  console.log(`${ids.length} characters, ${characters.count} different ones`);
  const report = ({ step, values }: train.RunRecord) => {
    const [mean, valid] = [values.loss, values.validation_loss].map((value) => value.toFixed(3));
    console.log(`\nstep ${step}: loss ${mean}, validation ${valid}`);
    console.log(sample(model, characters, settings));
  };
  const { epochs, history } = await fit(model, {
    data,
    forward,
    loss,
    optimizer,
    schedule,
    steps,
    clip: { norm: 1 },
    validate,
    onEpoch: report,
  });
  if (history.length > epochs) report(history[epochs]);
  if (save === "") return;
  await saveModel(save, model, characters);
  console.log(`\nwrote ${save}`);
}

/** Goes on with the text that was given, or writes from the beginning of a line. */
function sample(model: CharRNN, characters: Characters, settings: Settings): string {
  const { start, length, seed } = settings;
  return start + write(model, characters, start || characters.first, length, new Random(seed));
}

await runExample({ positionals: ["FILE"], options: defaults }, async (settings, path) => {
  if (settings.load === "") return await learn(settings, path);
  if (path !== undefined) {
    throw new QorusError("invalid_argument", "give either a FILE to learn or a model to --load");
  }
  const { model, characters } = loadModel(settings.load);
  console.log(sample(model, characters, settings));
  model[Symbol.dispose]();
});
