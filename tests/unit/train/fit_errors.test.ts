import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ones, tensor } from "../../../lib/core/creation.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError, type QorusErrorCode } from "../../../lib/native/error.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { crossEntropy } from "../../../lib/ops/losses.ts";
import * as optim from "../../../lib/optim/mod.ts";
import { fit } from "../../../lib/train/fit.ts";
import { Accuracy } from "../../../lib/train/metrics/accuracy.ts";
import { MemoryLog, pointBatches } from "../../support/training.ts";

/** An option that cannot be, and what the error must say. */
interface Row {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly code?: QorusErrorCode;
  readonly says: readonly string[];
}

const plateau = () => {
  const model = new nn.Linear(1, 1);
  return new optim.ReduceLROnPlateau(new optim.SGD(model.parameters(), { lr: 1 }));
};

/** Options of programs without types. */
const rows: readonly Row[] = [
  { name: "no length", options: { epochs: undefined }, says: ["neither epochs nor steps"] },
  { name: "two lengths", options: { steps: 3 }, says: ["epochs and steps are both given"] },
  { name: "epochs of 0", options: { epochs: 0 }, says: ["epochs is 0", "at least 1"] },
  { name: "half an epoch", options: { epochs: 0.5 }, says: ["epochs is 0.5"] },
  { name: "no data", options: { data: undefined }, says: ["data is undefined", "DataLoader"] },
  { name: "empty data", options: { data: [] }, says: ["data has no batches"] },
  {
    name: "data that turns out empty",
    options: { data: new Set() },
    says: ["data has no batches"],
  },
  { name: "data of tensors", options: { data: [ones([3])] }, says: ["tensors by field"] },
  { name: "data of numbers", options: { data: [3] }, says: ["tensors by field"] },
  { name: "no loss", options: { loss: undefined }, says: ["there is no loss"] },
  { name: "no optimizer", options: { optimizer: undefined }, says: ["there is no optimizer"] },
  { name: "accumulate of 0", options: { accumulate: 0 }, says: ["accumulate is 0"] },
  { name: "clip of -1", options: { clip: { norm: -1 } }, says: ["clip", "{ norm: 1 }"] },
  { name: "clip of NaN", options: { clip: { value: NaN } }, says: ["clip"] },
  { name: "two clips", options: { clip: { norm: 1, value: 1 } }, says: ["clip"] },
  { name: "metrics alone", options: { metrics: [new Accuracy()] }, says: ["give validate"] },
  {
    name: "metrics with one name",
    options: { metrics: [new Accuracy(), new Accuracy()], validate: pointBatches(1, 4) },
    says: ["two metrics are named accuracy", "another name"],
  },
  {
    name: "a metric named as the loss",
    options: { metrics: [new Accuracy({ name: "loss" })], validate: pointBatches(1, 4) },
    says: ["two metrics are named loss"],
  },
  { name: "no validation data", options: { validate: [] }, says: ["validate has no batches"] },
  {
    name: "validation every 0 steps",
    options: { validate: { data: pointBatches(1, 4), everySteps: 0 } },
    says: ["validate.everySteps is 0"],
  },
  {
    name: "early stopping by what there is not",
    options: { earlyStopping: { metric: "f1" } },
    says: ["earlyStopping.metric is f1", "loss"],
  },
  { name: "patience of 0", options: { earlyStopping: { patience: 0 } }, says: ["patience is 0"] },
  {
    name: "a schedule by what there is not",
    options: { schedule: { scheduler: plateau(), metric: "f1" } },
    says: ["schedule.metric is f1"],
  },
  { name: "no schedule", options: { schedule: 0.1 }, says: ["schedule is 0.1"] },
  {
    name: "divergence",
    options: { onDivergence: "ignore" },
    says: ["onDivergence is ignore", "continue"],
  },
  { name: "logEverySteps of -1", options: { logEverySteps: -1 }, says: ["logEverySteps is -1"] },
  {
    name: "checkpoints every 0 steps",
    options: { checkpoint: { folder: "/nowhere", everySteps: 0 } },
    says: ["checkpoint.everySteps is 0"],
  },
  {
    name: "the best checkpoint by what there is not",
    options: { checkpoint: { folder: "/nowhere", best: "f1" } },
    says: ["checkpoint.best is f1"],
  },
  {
    name: "a loss of rows",
    options: {
      loss: (output: Tensor, { y }: { y: Tensor }) =>
        crossEntropy(output, y, { reduction: "none" }),
    },
    code: "invalid_shape",
    says: ["tensor of [4]", "mean()"],
  },
  {
    name: "a loss of nothing",
    options: { loss: () => {} },
    says: ["loss: the function gave nothing"],
  },
  { name: "a loss of a number", options: { loss: () => 3 }, says: ["the function gave 3"] },
  {
    name: "a loss without a gradient",
    options: { loss: () => ones([]) },
    says: ["nothing that the result was computed from requires a gradient"],
  },
  {
    name: "a field that loss reads in vain",
    options: {
      loss: (output: Tensor, { labels }: { labels: Tensor }) => crossEntropy(output, labels),
    },
    says: ["no field labels", "it has x, y"],
  },
  {
    name: "a field that forward reads in vain",
    options: {
      forward: (model: nn.Linear, { images }: { images: Tensor }) => model.forward(images),
    },
    says: ["no field images", "it has x, y"],
  },
  {
    name: "a batch without x",
    options: { data: [{ points: ones([4, 2]), y: ones([4]) }] },
    says: ["no field x", "it has points, y"],
  },
  {
    name: "a class that there is not",
    options: { data: [{ x: ones([1, 2]), y: tensor([4], { dtype: "i32" }) }] },
    code: "out_of_range",
    says: ["class 4"],
  },
];

for (const { name, options, code = "invalid_argument", says } of rows) {
  test(`fit: ${name} is an error that says what to do`, async () => {
    using _ = scope();
    using model = new nn.Linear(2, 4);
    using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const before = [...model.stateDict().values()].map((weight) => [...weight.read()]);
    const all = {
      data: pointBatches(2, 4),
      loss: (output: Tensor, { y }: { y: Tensor }) => crossEntropy(output, y),
      optimizer,
      epochs: 1,
      progress: "silent",
      ...options,
    };
    const error = await assertRejects(
      // deno-lint-ignore no-explicit-any -- what programs without types can give
      () => fit(model, all as any),
      QorusError,
    );
    assertEquals(error.code, code, error.message);
    for (const part of says) assert(error.message.includes(part), error.message);
    const after = [...model.stateDict().values()].map((weight) => [...weight.read()]);
    assertEquals(after, before);
    assert(model.training);
  });
}

test("fit: data that can be walked through only once is an error in epoch 2", async () => {
  using _ = scope();
  using model = new nn.Linear(2, 4);
  using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const log = new MemoryLog();
  const error = await assertRejects(
    () =>
      fit(model, {
        data: pointBatches(2, 4).values(),
        loss: (output, { y }) => crossEntropy(output, y),
        optimizer,
        epochs: 2,
        logs: [log],
        progress: "silent",
      }),
    QorusError,
    "epoch 2",
  );
  assert(error.message.includes("DataLoader"), error.message);
  assertEquals(log.calls.at(-1), "dispose");
});

test("fit: what a callback throws ends the run", async () => {
  using _ = scope();
  using model = new nn.Linear(2, 4);
  using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  let isReturned = false;
  const batches = pointBatches(3, 4);
  const data = {
    *[Symbol.iterator]() {
      try {
        yield* batches;
      } finally {
        isReturned = true;
      }
    },
  };
  await assertRejects(
    () =>
      fit(model, {
        data,
        loss: (output, { y }) => crossEntropy(output, y),
        optimizer,
        epochs: 2,
        progress: "silent",
        onStep: () => Promise.reject(new RangeError("mine")),
      }),
    RangeError,
    "mine",
  );
  assert(isReturned);
});
