/**
 * Trains a perceptron with one hidden layer on MNIST, Fashion-MNIST, or digits that it draws.
 *
 *   bun examples/mnist-mlp/main.ts [FOLDER] [--epochs N] [--seed N]
 *   deno run -A examples/mnist-mlp/main.ts [FOLDER] [--epochs N] [--seed N]
 *
 * @module
 */

import { crossEntropy, manualSeed, nn, optim, scope, train } from "@qorus/qorus";
import { loadImages } from "../mnist/images.ts";
import { runExample } from "../support/run_example.ts";

async function main(
  { epochs, seed }: { epochs: number; seed: number },
  folder: string | undefined,
): Promise<void> {
  manualSeed(seed);
  const { training, test } = loadImages(folder, [784]);
  using batches = new train.DataLoader(training, {
    batchSize: 128,
    shuffle: true,
    dropLast: true,
    seed,
  });
  using testBatches = new train.DataLoader(test, { batchSize: 1000 });

  using model = new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));
  using optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  console.log(model.summary());

  for (let epoch = 1; epoch <= epochs; epoch++) {
    const mean = new train.Mean();
    for (const { x, y } of batches) {
      using _ = scope();
      const loss = crossEntropy(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      mean.add(loss.item());
    }
    const { accuracy } = await train.evaluate(model, {
      data: testBatches,
      metrics: [new train.Accuracy()],
    });
    const share = (100 * accuracy).toFixed(2);
    console.log(`epoch ${epoch}: loss ${mean.value.toFixed(4)}, ${share} % of the test images`);
  }
}

await runExample({ positionals: ["FOLDER"], options: { epochs: 10, seed: 1 } }, main);
