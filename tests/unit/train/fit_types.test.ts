// What counts here is that these calls have the types that they should, with few annotations.
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { tensor } from "../../../lib/core/creation.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { CharRNN, type CharRNNOutput } from "../../../lib/models/char_rnn.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { crossEntropy } from "../../../lib/ops/losses.ts";
import * as optim from "../../../lib/optim/mod.ts";
import { DataLoader } from "../../../lib/train/data/data_loader.ts";
import { TextWindows } from "../../../lib/train/data/text_windows.ts";
import { evaluate } from "../../../lib/train/evaluate.ts";
import { fit } from "../../../lib/train/fit.ts";
import { Accuracy } from "../../../lib/train/metrics/accuracy.ts";
import { ConfusionMatrix } from "../../../lib/train/metrics/confusion_matrix.ts";
import { MeanLoss } from "../../../lib/train/metrics/mean_loss.ts";
import { Perplexity } from "../../../lib/train/metrics/perplexity.ts";
import { pointBatches } from "../../support/training.ts";

const ids = Int32Array.from({ length: 65 }, (_, i) => (i * i) % 5);

function meanLoss({ logits }: CharRNNOutput, { y }: { y: Tensor }): Tensor {
  return crossEntropy(logits.reshape([-1, 5]), y.reshape([-1]));
}

function characterModel(): CharRNN {
  return new CharRNN({ vocabSize: 5, embeddingSize: 4, hiddenSize: 8, numLayers: 1 });
}

test("fit: types of a model that gives more than a tensor", async () => {
  using _ = scope();
  using model = characterModel();
  using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  using data = new DataLoader(new TextWindows(ids, { length: 8 }), { batchSize: 4 });
  const { history: [{ values }] } = await fit(model, {
    data,
    loss: ({ logits }, { y }) => crossEntropy(logits.reshape([-1, 5]), y.reshape([-1])),
    optimizer,
    epochs: 1,
    validate: data,
    metrics: [
      new Perplexity({ logits: ({ logits }: CharRNNOutput) => logits, axis: -1 }),
      new MeanLoss(meanLoss, { name: "again" }),
    ],
    progress: "silent",
  });
  assertEquals(values.validation_again, values.validation_loss);
});

test("fit: types of what forward gives", async () => {
  using _ = scope();
  using model = characterModel();
  using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  using data = new DataLoader(new TextWindows(ids, { length: 8 }), { batchSize: 4 });
  const { steps } = await fit(model, {
    data,
    forward: (model, { x }) => model.forward(x).logits,
    loss: (logits, { y }) => crossEntropy(logits.reshape([-1, 5]), y.reshape([-1])),
    optimizer,
    epochs: 1,
    validate: data,
    metrics: [new Perplexity({ axis: -1 }), new Accuracy({ axis: -1 })],
    progress: "silent",
  });
  assertEquals(steps, 2);
  const numbers = await evaluate(model, {
    data,
    forward: (model, { x }) => model.forward(x).logits,
    loss: (logits, { y }) => crossEntropy(logits.reshape([-1, 5]), y.reshape([-1])),
    metrics: [new Perplexity({ axis: -1 })],
  });
  assertEquals(Object.keys(numbers), ["loss", "perplexity"]);
});

test("fit: types of fields that are named otherwise", async () => {
  using _ = scope();
  using model = new nn.Linear(2, 4);
  using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const data = pointBatches(2, 8).map(({ x, y }) => ({ points: x, label: y, weight: tensor([1]) }));
  const { history: [{ values }] } = await fit(model, {
    data,
    forward: (model, { points }) => model.forward(points),
    loss: (output, { label }) => crossEntropy(output, label),
    optimizer,
    epochs: 1,
    validate: data,
    metrics: [
      new Accuracy({ target: ({ label }) => label }),
      new ConfusionMatrix({ target: ({ label }) => label }),
    ],
    progress: "silent",
  });
  assertEquals(typeof values.validation_balanced_accuracy, "number");
});
