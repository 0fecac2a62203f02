/**
 * Trains a small convolutional network on MNIST, Fashion-MNIST, or digits that it draws itself, and
 * keeps the best weights.
 *
 *   bun examples/mnist-cnn/main.ts [FOLDER] [--epochs N] [--save FILE] [--seed N]
 *   deno run -A examples/mnist-cnn/main.ts [FOLDER] [--epochs N] [--save FILE] [--seed N]
 *
 * @module
 */

import { crossEntropy, fit, nn, optim, train } from "@qorus/qorus";
import { loadImages } from "../mnist/images.ts";
import { runExample } from "../support/run_example.ts";

const defaults = { epochs: 4, save: "", seed: 1 };

function makeModel(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.BatchNorm2d(32),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.25),
    new nn.Linear(32 * 7 * 7, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );
}

async function main(
  { epochs, save, seed }: typeof defaults,
  folder: string | undefined,
): Promise<void> {
  const { training, test } = loadImages(folder, [1, 28, 28]);
  using batches = new train.DataLoader(training, {
    batchSize: 128,
    shuffle: true,
    dropLast: true,
    seed,
  });
  using testBatches = new train.DataLoader(test, { batchSize: 1000 });

  using model = makeModel();
  using optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3, weightDecay: 0.01 });
  console.log(model.summary());

  let best = 0;
  await fit(model, {
    data: batches,
    loss: (output, { y }) => crossEntropy(output, y),
    optimizer,
    schedule: new optim.CosineAnnealingLR(optimizer, { tMax: epochs * batches.length! }),
    epochs,
    validate: testBatches,
    metrics: [new train.Accuracy()],
    seed,
    onEpoch: async ({ epoch, values }) => {
      const { loss, validation_accuracy: accuracy } = values;
      const share = (100 * accuracy).toFixed(2);
      console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}, ${share} % of the test images`);
      if (save !== "" && accuracy > best) await model.save(save);
      best = Math.max(best, accuracy);
    },
  });
}

await runExample({ positionals: ["FOLDER"], options: defaults }, main);
