/**
 * Trains a perceptron with one hidden layer on MNIST or Fashion-MNIST.
 *
 *   bun examples/mnist-mlp/main.ts FOLDER [EPOCHS]
 *   deno run -A examples/mnist-mlp/main.ts FOLDER [EPOCHS]
 *
 * @module
 */

import process from "node:process";
import { crossEntropy, manualSeed, nn, optim, QorusError, scope, train } from "@qorus/qorus";
import { accuracy } from "../mnist/evaluate.ts";

/** Fashion-MNIST's, divided by 255. */
const pixels = { mean: 0.286, standardDeviation: 0.353 };

function main(folder: string, epochs: number): void {
  manualSeed(1);
  const options = { shape: [784], ...pixels };
  const images = train.IdxImages.fromFolder(folder, "train", options);
  const testImages = train.IdxImages.fromFolder(folder, "t10k", options);
  using batches = new train.DataLoader(images, { batchSize: 128, shuffle: true, dropLast: true });
  using test = new train.DataLoader(testImages, { batchSize: 1000 });

  using model = new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));
  using optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  console.log(model.summary());

  for (let epoch = 1; epoch <= epochs; epoch++) {
    const start = performance.now();
    let total = 0;
    for (const { x, y } of batches) {
      using _ = scope();
      const loss = crossEntropy(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      total += loss.item();
    }
    const seconds = (performance.now() - start) / 1000;
    const [loss, right] = [total / batches.length, 100 * accuracy(model, test)];
    console.log(
      `epoch ${epoch}: loss ${loss.toFixed(4)}, ${right.toFixed(2)} % of the test images, ` +
        `${seconds.toFixed(1)} s`,
    );
  }
}

const [folder, epochs = "10"] = process.argv.slice(2);
try {
  if (folder === undefined || !(Number(epochs) >= 1)) {
    throw new QorusError("invalid_argument", "usage: main.ts FOLDER [EPOCHS]");
  }
  main(folder, Number(epochs));
} catch (error) {
  if (!(error instanceof QorusError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
