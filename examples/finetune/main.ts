/**
 * Trains a language model on with a text of one's own.
 *
 *   bun examples/finetune/main.ts [TEXT] [--model PATH] [--folder PATH] [--steps N] [--prompt TEXT]
 *   deno run -A examples/finetune/main.ts [TEXT] [--model PATH] [--folder PATH] [--steps N]
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  crossEntropy,
  fit,
  languageModel,
  Llama,
  load,
  type ModelConfig,
  optim,
  saveModel,
  type Tensor,
  type Tokenizer,
  train,
} from "@qorus/qorus";
import { runExample } from "../support/run_example.ts";
import { readText } from "../support/text_file.ts";

const boxModel = fileURLToPath(new URL("../../models/tiny.qorus", import.meta.url));
const rhymes = fileURLToPath(new URL("../support/rhymes.txt", import.meta.url));
const longestWindow = 64;
const batchSize = 4;
/** Steps between measurements, each with a checkpoint. */
const stepsPerEpoch = 20;
/** The share of the text that is trained on; its end is to measure with. */
const trainingShare = 0.9;

/** Windows of token ids, and the ids behind them. */
type Batch = Readonly<Record<"x" | "y", Tensor>>;

/** Mean cross-entropy of the next tokens, in nats. */
function nextTokenLoss(logits: Tensor, { y }: Batch): Tensor {
  return crossEntropy(logits.view([y.size, -1]), y.view([y.size]));
}

/**
 * A text's ids. Passages, with blank lines between, begin and end as the texts do that the model
 * was made with.
 */
function encode(text: string, tokenizer: Tokenizer): number[] {
  const passages = text.split(/\n\s*\n/).map((passage) => passage.trim()).filter(Boolean);
  return passages.flatMap((passage) => [...tokenizer.encode(passage, { addEos: true })]);
}

/** Windows to train on and others to measure with. */
function cut(text: string, { vocabSize, contextLength }: ModelConfig, tokenizer: Tokenizer) {
  const ids = encode(text, tokenizer);
  const end = Math.floor(trainingShare * ids.length);
  const length = Math.min(longestWindow, contextLength);
  return {
    training: new train.TextWindows(ids.slice(0, end), { length, stride: 1, vocabSize }),
    validation: new train.TextWindows(ids.slice(end), { length, vocabSize }),
  };
}

/** What the network writes by now, always taking the most likely token. */
async function sample(network: Llama, tokenizer: Tokenizer, prompt: string): Promise<string> {
  using llm = languageModel(network, { tokenizer });
  let text = prompt;
  for await (const token of llm.generate(prompt, { maxTokens: 40 })) text += token.text;
  return text;
}

/** Where things are, and how far to train. */
interface Settings {
  readonly textPath: string;
  readonly folder: string;
  readonly steps: number;
  readonly seed: number;
}

/** Trains with all weights; goes on from the newest checkpoint in the folder, if there is one. */
async function finetune(network: Llama, tokenizer: Tokenizer, settings: Settings): Promise<void> {
  const { textPath, folder, steps, seed } = settings;
  const text = readText(textPath);
  const { training, validation } = cut(text, network.config, tokenizer);
  console.log(`${training.ids.length} tokens to learn from, ${validation.ids.length} to measure\n`);
  using loader = new train.DataLoader(training, {
    batchSize,
    samplesPerEpoch: batchSize * stepsPerEpoch,
    seed,
  });
  using validationLoader = new train.DataLoader(validation, { batchSize });
  const before = await train.evaluate(network, { data: validationLoader, loss: nextTokenLoss });
  console.log(`before: validation loss ${before.loss.toFixed(3)}`);
  // Small steps: the network knows a lot already and is not to forget it at once.
  using optimizer = new optim.AdamW(network.parameters(), { lr: 3e-4, weightDecay: 0.01 });
  await fit(network, {
    data: loader,
    loss: nextTokenLoss,
    optimizer,
    steps,
    clip: { norm: 1 },
    validate: validationLoader,
    checkpoint: { folder: join(folder, "checkpoints"), keep: 2, best: "loss", resume: true },
    progress: "silent",
    onEpoch: ({ step, values: { loss, validation_loss } }) => {
      const numbers = `loss ${loss.toFixed(3)}, validation ${validation_loss.toFixed(3)}`;
      console.log(`step ${String(step).padStart(4)}: ${numbers}`);
    },
  });
}

await runExample(
  {
    positionals: ["TEXT"],
    options: {
      model: boxModel,
      folder: "runs/finetune",
      steps: 120,
      seed: 1,
      prompt: "Jack and Jill",
    },
  },
  async ({ model, prompt, ...settings }, textPath = rhymes) => {
    using llm = await load(model);
    const { tokenizer } = llm;
    // The model's weights are mapped from its file; a network to train has its own, in f32.
    using network = new Llama(llm.config);
    network.loadStateDict(llm.network.stateDict());
    console.log(`${await sample(network, tokenizer, prompt)}\n`);

    await finetune(network, tokenizer, { ...settings, textPath });

    console.log(`\n${await sample(network, tokenizer, prompt)}\n`);
    const path = join(settings.folder, "model.qorus");
    await saveModel(path, network, { tokenizer, dtype: "q8_0", chatTemplate: llm.chatTemplate });
    console.log(`wrote ${path}`);
  },
);
