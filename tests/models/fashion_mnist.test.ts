import { test } from "node:test";
import { assert } from "@std/assert";
import { Batches, type Images, loadImages } from "../../examples/mnist/data.ts";
import { accuracy } from "../../examples/mnist/evaluate.ts";
import { crossEntropy, manualSeed, nn, optim, scope } from "../../mod.ts";
import { dataPath, needsData } from "../support/data.ts";

const folder = dataPath("images/fashion-mnist");

/** The first images of a set, to be done in a second. */
function first(images: Images, count: number): Images {
  const { pixelCount, pixels, labels } = images;
  return {
    count,
    pixelCount,
    pixels: pixels.subarray(0, count * pixelCount),
    labels: labels.subarray(0, count),
  };
}

test("Fashion-MNIST: two short epochs of a perceptron find most classes", needsData, () => {
  using _ = scope();
  manualSeed(1);
  const images = first(loadImages(folder, "train"), 12_800);
  const batches = new Batches(images, 128, { shuffled: true });
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
  const right = accuracy(model, first(loadImages(folder, "t10k"), 2000));
  assert(right > 0.8, `${right} of the test images`);
});
