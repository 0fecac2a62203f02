/**
 * Trains a small convolutional network on MNIST or Fashion-MNIST, and keeps the best weights.
 *
 *   bun examples/mnist-cnn/main.ts FOLDER [EPOCHS] [FILE]
 *   deno run -A examples/mnist-cnn/main.ts FOLDER [EPOCHS] [FILE]
 *
 * @module
 */

import process from "node:process";
import { crossEntropy, manualSeed, nn, optim, QorusError, scope, train } from "@qorus/qorus";
import { accuracy } from "../mnist/evaluate.ts";

/** Fashion-MNIST's, divided by 255. */
const pixels = { mean: 0.286, standardDeviation: 0.353 };

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

async function main(folder: string, epochs: number, file?: string): Promise<void> {
  manualSeed(1);
  const images = train.IdxImages.fromFolder(folder, "train", pixels);
  const testImages = train.IdxImages.fromFolder(folder, "t10k", pixels);
  using batches = new train.DataLoader(images, { batchSize: 128, shuffle: true, dropLast: true });
  using test = new train.DataLoader(testImages, { batchSize: 1000 });

  using model = makeModel();
  using optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3, weightDecay: 0.01 });
  const schedule = new optim.CosineAnnealingLR(optimizer, {
    tMax: epochs * batches.length,
  });
  console.log(model.summary());

  let best = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const start = performance.now();
    let total = 0;
    for (const { x, y } of batches) {
      using _ = scope();
      const loss = crossEntropy(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      schedule.step();
      total += loss.item();
    }
    const seconds = (performance.now() - start) / 1000;
    const [loss, right] = [total / batches.length, 100 * accuracy(model, test)];
    console.log(
      `epoch ${epoch}: loss ${loss.toFixed(4)}, ${right.toFixed(2)} % of the test images, ` +
        `${seconds.toFixed(1)} s`,
    );
    if (file !== undefined && right > best) await model.save(file);
    best = Math.max(best, right);
  }
}

const [folder, epochs = "8", file] = process.argv.slice(2);
try {
  if (folder === undefined || !(Number(epochs) >= 1)) {
    throw new QorusError("invalid_argument", "usage: main.ts FOLDER [EPOCHS] [FILE]");
  }
  await main(folder, Number(epochs), file);
} catch (error) {
  if (!(error instanceof QorusError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
