import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { tensor } from "../../../lib/core/creation.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError } from "../../../lib/native/error.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { mseLoss } from "../../../lib/ops/losses.ts";
import * as optim from "../../../lib/optim/mod.ts";
import { type Clip, TrainingStep } from "../../../lib/train/training_step.ts";
import { assertClose } from "../../support/close.ts";

type Batch = { x: Tensor; y: Tensor };

/** The weight of `weight * x` that begins with 1, its step, and a batch with loss (x - y)^2. */
function parts(options: { clip?: Clip; accumulate?: number }) {
  const model = new nn.Linear(1, 1, { bias: false });
  model.loadStateDict(new Map([["weight", tensor([[1]])]]));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const loss = (output: Tensor, { y }: Batch) => mseLoss(output, y);
  const step = new TrainingStep(model, { loss, optimizer, ...options });
  const batch = (x: number, y: number): Batch => ({ x: tensor([[x]]), y: tensor([[y]]) });
  return { step, batch, weight: () => model.weight.tensor.item(), model };
}

test("TrainingStep: the mean over the batches, and a step", () => {
  using _ = scope();
  const { step, batch, weight } = parts({ accumulate: 2 });
  assertEquals(step.add(batch(1, 3)), 4);
  assertEquals([step.count, step.isFull], [1, false]);
  assertEquals(step.add(batch(1, 2)), 1);
  assert(step.isFull);
  // Gradients are -4 and -2.
  assertEquals(step.update(true), { loss: 2.5, gradientNorm: 3, isSkipped: false });
  assertClose([weight()], [1.3]);
  assertEquals(step.count, 0);
  // One batch alone is averaged by its number.
  step.add(batch(1, 2.3));
  assertEquals(step.update().gradientNorm, undefined);
  assertClose([weight()], [1.5]);
});

test("TrainingStep: limits the norm or each element", () => {
  using _ = scope();
  for (const clip of [{ norm: 0.5 }, { value: 0.5 }]) {
    const { step, batch, weight } = parts({ clip });
    step.add(batch(1, 3));
    const { gradientNorm } = step.update();
    assertEquals(gradientNorm, "norm" in clip ? 4 : undefined);
    assertClose([weight()], [1.05]);
  }
});

test("TrainingStep: a batch that is NaN leaves the update out", () => {
  using _ = scope();
  const { step, batch, weight } = parts({ accumulate: 2 });
  step.add(batch(1, 3));
  step.add(batch(NaN, 3));
  assertEquals(step.update(), { loss: NaN, gradientNorm: undefined, isSkipped: true });
  assertEquals(weight(), 1);
  step.add(batch(1, 3));
  step.add(batch(1, 3));
  assertEquals(step.update(true).gradientNorm, 4);
});

test("TrainingStep: batches can be dropped, and must be there for an update", () => {
  using _ = scope();
  const { step, batch } = parts({});
  assertThrows(() => step.update(), QorusError, "add a batch");
  step.add(batch(1, 3));
  step.reset();
  assertThrows(() => step.update(), QorusError, "add a batch");
  step.add(batch(1, 3));
  assertEquals(step.update(true).gradientNorm, 4);
});
