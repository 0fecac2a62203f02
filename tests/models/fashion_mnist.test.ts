import { test } from "node:test";
import { assert } from "@std/assert";
import { crossEntropy, manualSeed, nn, optim, scope, train } from "../../mod.ts";
import { dataPath, needsData } from "../support/data.ts";

/** A second's work, and more on a busy machine. */
const patient = { ...needsData, timeout: 60_000 };

/** The first images of a set, to be done in a second. */
function first(part: "train" | "t10k", count: number): train.Subset<"x" | "y"> {
  const images = train.IdxImages.fromFolder(dataPath("images/fashion-mnist"), part, {
    shape: [784],
    mean: 0.286,
    standardDeviation: 0.353,
  });
  return new train.Subset(images, Array.from({ length: count }, (_, i) => i));
}

test("Fashion-MNIST: two short epochs of a perceptron find most classes", patient, async () => {
  manualSeed(1);
  using batches = new train.DataLoader(first("train", 12_800), { batchSize: 128, shuffle: true });
  using testBatches = new train.DataLoader(first("t10k", 2000), { batchSize: 500 });
  using model = new nn.Sequential(new nn.Linear(784, 64), new nn.ReLU(), new nn.Linear(64, 10));
  using optimizer = new optim.AdamW(model.parameters(), { lr: 3e-3 });
  for (let epoch = 0; epoch < 2; epoch++) {
    for (const { x, y } of batches) {
      using _ = scope();
      optimizer.zeroGrad();
      crossEntropy(model.forward(x), y).backward();
      optimizer.step();
    }
  }
  const metrics = [new train.Accuracy()];
  const { accuracy: right } = await train.evaluate(model, { data: testBatches, metrics });
  assert(right > 0.8, `${right} of the test images`);
});
