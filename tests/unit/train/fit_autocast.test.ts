import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { autocast } from "../../../lib/autograd/autocast.ts";
import { counters } from "../../../lib/core/context.ts";
import { activePrecision, type Precision } from "../../../lib/core/precision.ts";
import { scope } from "../../../lib/core/scope.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { crossEntropy } from "../../../lib/ops/losses.ts";
import * as optim from "../../../lib/optim/mod.ts";
import { evaluate } from "../../../lib/train/evaluate.ts";
import { assertClose } from "../../support/close.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { pointBatches, quadrantNetwork, trainQuadrants } from "../../support/training.ts";

test("fit: autocast trains as a loop with autocast does, bit by bit", async () => {
  using _ = scope();
  const data = pointBatches(5, 40);
  const { losses } = await trainQuadrants(data, { autocast: "bf16" });

  using model = quadrantNetwork();
  using optimizer = new optim.AdamW(model.parameters(), { lr: 0.05 });
  const expected: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    for (const { x, y } of data) {
      using _ = scope();
      optimizer.zeroGrad();
      const loss = autocast("bf16", () => crossEntropy(model.forward(x), y));
      loss.backward();
      optimizer.step();
      expected.push(loss.item());
    }
  }
  assertEquals(losses, expected);
  const { losses: exact } = await trainQuadrants(data);
  assert(losses.some((loss, i) => loss !== exact[i]));
  assertClose(losses, exact, { absolute: 0.02, relative: 0.02 });
});

test("fit: autocast covers model, loss and validation, nothing else", async () => {
  using _ = scope();
  const data = pointBatches(2, 8);
  const seen: Record<string, Precision[]> = {};
  const note = (where: string) => (seen[where] ??= []).push(activePrecision());
  await trainQuadrants(data, {
    epochs: 1,
    autocast: "bf16",
    forward: (model, { x }) => {
      note(model.training ? "forward" : "validation");
      return model.forward(x);
    },
    loss: (output, { y }) => {
      note("loss");
      return crossEntropy(output, y);
    },
    validate: data,
    onStep: () => note("onStep"),
    onEpoch: () => note("onEpoch"),
  });
  assertEquals(seen, {
    forward: ["bf16", "bf16"],
    validation: ["bf16", "bf16"],
    loss: ["bf16", "bf16", "bf16", "bf16"],
    onStep: ["f32", "f32"],
    onEpoch: ["f32"],
  });
  assertEquals(activePrecision(), "f32");
});

test("fit: a checkpoint does not know of autocast: a run goes on in either precision", async () => {
  using _ = scope();
  using folder = new TemporaryFolder();
  const data = pointBatches(4, 20);
  const part = (path: string, autocast: Precision, epochs: number) =>
    trainQuadrants(data, {
      autocast,
      epochs,
      checkpoint: { folder: path, resume: true, saveOnInterrupt: false },
    });
  const whole = await part(folder.file("whole"), "bf16", 4);
  const first = await part(folder.file("parts"), "bf16", 2);
  const second = await part(folder.file("parts"), "bf16", 4);
  assertEquals([...first.losses, ...second.losses], whole.losses);
  assertEquals(second.weights, whole.weights);
  const other = await part(folder.file("parts"), "f32", 5);
  assertEquals(other.result.steps, 20);
});

test("evaluate: autocast", async () => {
  using _ = scope();
  using model = quadrantNetwork();
  const options = {
    data: pointBatches(1, 50),
    loss: (output: Parameters<typeof crossEntropy>[0], { y }: { y: typeof output }) =>
      crossEntropy(output, y),
  };
  const exact = await evaluate(model, options);
  const rounded = await evaluate(model, { ...options, autocast: "bf16" });
  assert(exact.loss !== rounded.loss);
  assertClose([rounded.loss], [exact.loss], { absolute: 0.01, relative: 0.01 });
});

test("fit: autocast with another precision is refused before anything is done", async () => {
  using _ = scope();
  const data = pointBatches(1, 4);
  const autocast = "f16" as Precision;
  const error = await assertRejects(
    () => trainQuadrants(data, { autocast }),
    QorusError,
    "expected one of f32, bf16",
  );
  assertEquals([error.code, error.field], ["invalid_argument", "autocast"]);
});

test("fit: warm steps in bf16 ask the system for no memory", async () => {
  using _ = scope();
  const data = pointBatches(6, 64);
  const counts: number[] = [];
  await trainQuadrants(data, {
    autocast: "bf16",
    onStep: () => counts.push(counters().allocationCount),
  });
  assertEquals(counts.at(-1), counts[2]);
});
