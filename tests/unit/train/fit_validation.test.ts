import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { tensor } from "../../../lib/core/creation.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError } from "../../../lib/native/error.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { crossEntropy, mseLoss } from "../../../lib/ops/losses.ts";
import * as optim from "../../../lib/optim/mod.ts";
import { fit } from "../../../lib/train/fit.ts";
import type { FitOptions } from "../../../lib/train/fit/options.ts";
import { Accuracy } from "../../../lib/train/metrics/accuracy.ts";
import type { Metric } from "../../../lib/train/metrics/metric.ts";
import {
  MemoryLog,
  type PointBatch,
  pointBatches,
  trainQuadrants,
} from "../../support/training.ts";

/** A metric that gives these numbers, one after the other. */
class Scripted implements Metric<Tensor, PointBatch> {
  readonly name = "scripted";
  #next = 0;

  constructor(readonly numbers: readonly number[], readonly higherIsBetter: boolean) {}

  update(): void {}

  compute(): number {
    return this.numbers[this.#next++];
  }

  reset(): void {}
}

test("fit: validates after each epoch, in mode eval, and brings the modes back", async () => {
  using _ = scope();
  const modes: boolean[][] = [];
  class Spy extends nn.Module {
    readonly inner = new nn.Linear(2, 4);
    readonly frozen = new nn.Dropout(0.5).eval();
    override forward(x: Tensor): Tensor {
      modes.push([this.training, this.inner.training, this.frozen.training]);
      return this.frozen.forward(this.inner.forward(x));
    }
  }
  using model = new Spy();
  using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const log = new MemoryLog();
  const result = await fit(model, {
    data: pointBatches(2, 8),
    loss: (output, { y }) => crossEntropy(output, y),
    optimizer,
    epochs: 2,
    validate: pointBatches(1, 20, 9),
    metrics: [new Accuracy()],
    logs: [log],
    logEverySteps: 1,
    progress: "silent",
  });
  const [training, evaluating] = [[true, true, false], [false, false, false]];
  assertEquals(modes, [training, training, evaluating, training, training, evaluating]);
  assertEquals([model.training, model.inner.training, model.frozen.training], training);
  assertEquals(log.calls[0], "open 0");
  assertEquals(log.calls.at(-1), "dispose");
  assertEquals(log.records.map(({ kind, step, epoch }) => [kind, step, epoch]), [
    ["train", 1, 1],
    ["train", 2, 1],
    ["validation", 2, 1],
    ["epoch", 2, 1],
    ["train", 3, 2],
    ["train", 4, 2],
    ["validation", 4, 2],
    ["epoch", 4, 2],
  ]);
  const [, last] = log.values("validation", "loss");
  assertEquals(result.history[1].values.validation_loss, last);
  assertEquals(
    result.history[1].values.validation_accuracy,
    log.values("validation", "accuracy")[1],
  );
  const losses = log.values("validation", "loss") as number[];
  assertEquals(result.best?.value, Math.min(...losses));
});

test("fit: records of training say what is asked of them", async () => {
  using _ = scope();
  const log = new MemoryLog();
  const { losses } = await trainQuadrants(pointBatches(4, 8), {
    epochs: 3,
    logs: [log],
    logEverySteps: 5,
  });
  const records = log.records.filter(({ kind }) => kind === "train");
  assertEquals(records.map(({ step }) => step), [1, 5, 10]);
  const mean = (numbers: number[]) => numbers.reduce((sum, x) => sum + x) / numbers.length;
  const expected = [losses[0], mean(losses.slice(1, 5)), mean(losses.slice(5, 10))];
  for (const [i, { values, seconds }] of records.entries()) {
    assert(Math.abs(values.loss - expected[i]) < 1e-9);
    assertEquals(values.learning_rate, 0.05);
    assert(values.gradient_norm > 0 && values.samples_per_second > 0 && seconds > 0);
    assert(values.state_bytes > 0 && values.scratch_bytes > 0);
    assertEquals(values.tokens_per_second, undefined);
  }
});

test("fit: counts the tokens of texts", async () => {
  using _ = scope();
  using model = new nn.Sequential(new nn.Embedding(5, 4), new nn.Linear(4, 5));
  using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const ids = tensor([[0, 1, 2], [2, 3, 4]], { dtype: "i32" });
  const log = new MemoryLog();
  await fit(model, {
    data: [{ x: ids, y: ids }],
    loss: (output, { y }) => crossEntropy(output.reshape([6, 5]), y.reshape([6])),
    optimizer,
    epochs: 1,
    logs: [log],
    progress: "silent",
  });
  const [{ values }] = log.records;
  const ratio = values.tokens_per_second / values.samples_per_second;
  assert(Math.abs(ratio - 3) < 1e-9, `${ratio}`);
});

test("fit: validates every so many steps, and at the end", async () => {
  using _ = scope();
  const log = new MemoryLog();
  await trainQuadrants(pointBatches(4, 8), {
    steps: 11,
    validate: { data: pointBatches(1, 8, 5), everySteps: 3 },
    logs: [log],
  });
  const records = log.records.filter(({ kind }) => kind === "validation");
  assertEquals(records.map(({ step }) => step), [3, 6, 9, 11]);
});

test("fit: early stopping follows a metric, and brings the best weights back", async () => {
  using _ = scope();
  const scores = [0.1, 0.5, 0.4, 0.45, 0.9];
  const base = {
    epochs: 5,
    validate: pointBatches(1, 8, 5),
    metrics: [new Scripted(scores, true)],
  };
  const weightsAfter = async (epochs: number) =>
    (await trainQuadrants(pointBatches(4, 8), { epochs })).weights;
  const stopped = await trainQuadrants(pointBatches(4, 8), {
    ...base,
    earlyStopping: { metric: "scripted", patience: 2, restoreBest: true },
  });
  assertEquals([stopped.result.stoppedBy, stopped.result.epochs], ["earlyStopping", 4]);
  assertEquals(stopped.result.best, { metric: "scripted", value: 0.5, step: 8, epoch: 2 });
  assertEquals(stopped.weights, await weightsAfter(2));
  const kept = await trainQuadrants(pointBatches(4, 8), {
    ...base,
    metrics: [new Scripted(scores, true)],
    earlyStopping: { metric: "scripted", patience: 2 },
  });
  assertEquals(kept.weights, await weightsAfter(4));
});

test("fit: early stopping without validation follows the training loss", async () => {
  using _ = scope();
  const { result } = await trainQuadrants(pointBatches(4, 8), {
    epochs: 50,
    earlyStopping: { patience: 2, minDelta: 10 },
  });
  assertEquals([result.stoppedBy, result.epochs], ["earlyStopping", 3]);
});

test("fit: ReduceLROnPlateau follows the loss or a metric of each validation", async () => {
  using _ = scope();
  using model = new nn.Linear(1, 1);
  using optimizer = new optim.SGD(model.parameters(), { lr: 1e-6 });
  const rates: number[] = [];
  const data = [{ x: tensor([[1]]), y: tensor([[1]]) }];
  const scheduler = new optim.ReduceLROnPlateau(optimizer, {
    patience: 0,
    factor: 0.5,
    epsilon: 0,
  });
  await fit(model, {
    data,
    loss: (output, { y }) => mseLoss(output, y),
    optimizer,
    schedule: { scheduler, metric: "scripted" },
    validate: data,
    metrics: [new Scripted([3, 2, 2, 1], false) as Metric<Tensor, { x: Tensor; y: Tensor }>],
    epochs: 4,
    progress: "silent",
    onEpoch: ({ values }) => rates.push(values.learning_rate),
  });
  assertEquals(rates, [1e-6, 1e-6, 5e-7, 5e-7]);
});

test("fit: schedules go on with steps or with epochs", async () => {
  using _ = scope();
  const rates = async (every: "step" | "epoch"): Promise<number[]> => {
    using model = new nn.Linear(1, 1);
    using optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const data = [1, 2].map((value) => ({ x: tensor([[value]]), y: tensor([[value]]) }));
    const given: number[] = [];
    await fit(model, {
      data,
      loss: (output, { y }) => mseLoss(output, y),
      optimizer,
      clip: { value: 1e-3 },
      schedule: { scheduler: new optim.ExponentialLR(optimizer, { gamma: 0.5 }), every },
      epochs: 2,
      progress: "silent",
      onStep: ({ learningRate }) => given.push(learningRate),
    });
    return given;
  };
  assertEquals(await rates("step"), [1, 0.5, 0.25, 0.125]);
  assertEquals(await rates("epoch"), [1, 1, 0.5, 0.5]);
});

/** A model whose loss is NaN in some steps. */
async function diverging(
  options: Partial<FitOptions<nn.Linear, { x: Tensor; y: Tensor }, Tensor>>,
) {
  using model = new nn.Linear(1, 1);
  using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const weights = (): number[] => [...model.stateDict().values()].map((weight) => weight.item());
  const data = [1, 2, NaN, 3].map((value) => ({ x: tensor([[value]]), y: tensor([[1]]) }));
  const seen: number[][] = [];
  const run = fit(model, {
    data,
    loss: (output, { y }) => mseLoss(output, y),
    optimizer,
    epochs: 2,
    progress: "silent",
    onStep: () => seen.push(weights()),
    ...options,
  });
  return { run: await run.catch((error: unknown) => error), seen, weights: weights() };
}

test("fit: a loss that is NaN stops the run before the parameters are touched", async () => {
  using _ = scope();
  const { run, seen, weights } = await diverging({});
  assert(run instanceof QorusError);
  assertEquals(run.code, "diverged");
  for (const part of ["NaN", "step 3", "epoch 1", "learning rate 0.1", "last loss", "clip"]) {
    assert(run.message.includes(part), run.message);
  }
  assertEquals(weights, seen[1]);
});

test("fit: a run may go on without the steps that are NaN", async () => {
  using _ = scope();
  const { run, seen } = await diverging({ onDivergence: "continue" });
  assert(!(run instanceof Error) && typeof run === "object");
  const { skippedSteps, steps, history } = run as Awaited<
    ReturnType<typeof trainQuadrants>
  >["result"];
  assertEquals([skippedSteps, steps], [2, 8]);
  assertEquals(seen[2], seen[1]);
  assert(history.every(({ values }) => Number.isFinite(values.loss)));
  const grouped = await diverging({ onDivergence: "continue", accumulate: 2 });
  assertEquals(grouped.seen[1], grouped.seen[0]);
  assert(grouped.weights.every(Number.isFinite));
});

test("fit: gradients that overflow are noticed where their norm is measured", async () => {
  using _ = scope();
  using model = new nn.Linear(1, 1, { bias: false });
  model.loadStateDict(new Map([["weight", tensor([[1]])]]));
  using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  // The loss is 2.25e38, its gradient 4.5e38: too much for f32.
  const data = [{ x: tensor([[1.5e19]]), y: tensor([[0]]) }];
  const error = await assertRejects(
    () =>
      fit(model, {
        data,
        loss: (output, { y }) => mseLoss(output, y),
        optimizer,
        epochs: 1,
        clip: { norm: 1 },
        progress: "silent",
      }),
    QorusError,
    "norm of the gradients",
  );
  assertEquals(error.code, "diverged");
  assertEquals(model.stateDict().get("weight")!.item(), 1);
});
