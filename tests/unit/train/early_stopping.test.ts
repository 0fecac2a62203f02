import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { tensor } from "../../../lib/core/creation.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError } from "../../../lib/native/error.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { crossEntropy } from "../../../lib/ops/losses.ts";
import { EarlyStopping, type EarlyStoppingOptions } from "../../../lib/train/early_stopping.ts";
import { evaluate } from "../../../lib/train/evaluate.ts";
import { Accuracy } from "../../../lib/train/metrics/accuracy.ts";
import { WeightCopy } from "../../../lib/train/weight_copy.ts";
import { type PointBatch, pointBatches, quadrantNetwork } from "../../support/training.ts";

/** How many of the values are taken before it is time to stop. */
function taken(values: readonly number[], options: EarlyStoppingOptions): number {
  using stopping = new EarlyStopping(options);
  const index = values.findIndex((value) => stopping.update(value));
  return index < 0 ? values.length : index + 1;
}

test("EarlyStopping: stops after so many values without improvement", () => {
  assertEquals(taken([5, 4, 4, 3, 3, 3, 1], { patience: 2 }), 6);
  assertEquals(taken([5, 4, 3], { patience: 1 }), 3);
  assertEquals(taken([1, 2, 2, 3], { patience: 1, mode: "max" }), 3);
  assertEquals(taken([5, 4.9, 4.8, 4], { patience: 2, minDelta: 0.5 }), 3);
  assertEquals(taken([NaN, NaN, 3], { patience: 2 }), 2);
  assertEquals(taken([3, NaN, NaN, NaN], { patience: 3 }), 4);
  assertEquals(taken([-Infinity, -5], { patience: 2, mode: "max" }), 2);
});

test("EarlyStopping: goes on from a state", () => {
  using first = new EarlyStopping({ patience: 3 });
  for (const value of [3, 2, 2.5]) first.update(value);
  using second = new EarlyStopping({ patience: 3 });
  second.loadStateDict(JSON.parse(JSON.stringify(first.stateDict())));
  assertEquals([second.best, second.badCount], [2, 1]);
  assertEquals([second.update(2), second.update(2)], [false, true]);
  using third = new EarlyStopping();
  third.loadStateDict(new EarlyStopping().stateDict());
  assert(Number.isNaN(third.best) && !third.isStopped);
  assertThrows(() => third.loadStateDict({ loss: 3 }), QorusError, "is no state");
});

test("EarlyStopping: brings the best weights back", () => {
  using model = new nn.Linear(1, 1, { bias: false });
  using stopping = new EarlyStopping({ patience: 9, restoreBest: true }, model);
  const { tensor: weight } = model.weight;
  for (const [value, loss] of [[1, 3], [2, 1], [3, 2]]) {
    weight.fill(value);
    stopping.update(loss);
  }
  assertEquals(stopping.tensors.get("weight")!.item(), 2);
  stopping.restore();
  assertEquals(weight.item(), 2);
});

test("EarlyStopping: without a value, weights stay as they are", () => {
  using model = new nn.Linear(1, 1, { bias: false });
  using stopping = new EarlyStopping({ restoreBest: true }, model);
  model.weight.tensor.fill(5);
  stopping.restore();
  assertEquals(model.weight.tensor.item(), 5);
});

test("EarlyStopping: options out of their range are errors", () => {
  const bad: [EarlyStoppingOptions, string][] = [
    [{ patience: 0 }, "patience is 0"],
    [{ patience: 1.5 }, "patience is 1.5"],
    [{ minDelta: -1 }, "minDelta is -1"],
    [{ minDelta: NaN }, "minDelta is NaN"],
    [{ mode: "more" as "max" }, "mode is more"],
    [{ restoreBest: true }, "the model beside it"],
  ];
  for (const [options, message] of bad) {
    assertThrows(() => new EarlyStopping(options), QorusError, message);
  }
});

test("WeightCopy: parameters and buffers, as they were", () => {
  using _ = scope();
  using model = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3));
  const values = () => [...model.stateDict().values()].map((weight) => [...weight.read()]);
  using copy = new WeightCopy(model);
  const before = values();
  model.forward(tensor([[1, 2], [3, 5]]));
  model.parameters()[0].tensor.fill(7);
  assert(JSON.stringify(values()) !== JSON.stringify(before));
  copy.restore();
  assertEquals(values(), before);
  model.parameters()[0].tensor.fill(8);
  copy.store();
  model.parameters()[0].tensor.fill(9);
  copy.restore();
  assertEquals(model.parameters()[0].tensor.read()[0], 8);
});

test("evaluate: loss and metrics over all samples, whatever the batches", async () => {
  using _ = scope();
  using model = quadrantNetwork(0.5);
  const [whole] = pointBatches(1, 30);
  const cut = (start: number, end: number) => ({
    x: whole.x.slice(0, start, end),
    y: whole.y.slice(0, start, end),
  });
  const options = {
    loss: quadrantLoss,
    metrics: [new Accuracy()],
  };
  const once = await evaluate(model, { data: [whole], ...options });
  const parts = await evaluate(model, { data: [cut(0, 17), cut(17, 18), cut(18, 30)], ...options });
  assertEquals(Object.keys(once), ["loss", "accuracy"]);
  assert(Math.abs(once.loss - parts.loss) < 1e-6);
  assertEquals(parts.accuracy, once.accuracy);
  assert(model.training);
});

function quadrantLoss(output: Tensor, { y }: PointBatch): Tensor {
  return crossEntropy(output, y);
}

test("evaluate: says what is wrong", async () => {
  using _ = scope();
  using model = quadrantNetwork();
  const data = pointBatches(1, 4);
  const fails = async (options: object, message: string): Promise<void> => {
    try {
      // deno-lint-ignore no-explicit-any -- what programs without types can give
      await evaluate(model, { data, ...options } as any);
    } catch (error) {
      assert(error instanceof QorusError && error.message.includes(message), String(error));
      assert(model.training);
      return;
    }
    throw new Error(`no error says ${message}`);
  };
  await fails({}, "give loss or metrics");
  await fails({ data: [], metrics: [new Accuracy()] }, "no batches");
  await fails({ metrics: [new Accuracy(), new Accuracy()] }, "two metrics are named accuracy");
  await fails({ data: [{ x: data[0].x }], metrics: [new Accuracy()] }, "no field y; it has x");
});
