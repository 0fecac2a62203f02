import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync, readdirSync } from "node:fs";
import { scope } from "../../../lib/core/scope.ts";
import { QorusError } from "../../../lib/native/error.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { crossEntropy } from "../../../lib/ops/losses.ts";
import * as optim from "../../../lib/optim/mod.ts";
import { DataLoader } from "../../../lib/train/data/data_loader.ts";
import { TensorDataset } from "../../../lib/train/data/tensor_dataset.ts";
import { fit } from "../../../lib/train/fit.ts";
import type { FitResult } from "../../../lib/train/fit/options.ts";
import { readRunLog } from "../../../lib/train/logs/json_lines.ts";
import { JsonLinesLog } from "../../../lib/train/logs/json_lines_log.ts";
import type { RunRecord } from "../../../lib/train/logs/run_log.ts";
import { Accuracy } from "../../../lib/train/metrics/accuracy.ts";
import { Random } from "../../../lib/core/random.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { pointBatches, quadrantNetwork, trainQuadrants } from "../../support/training.ts";

/** A run with all that has a state, in parts. */
interface Part {
  readonly losses: number[];
  readonly result: FitResult;
  readonly weights: number[][];
}

interface PartOptions {
  readonly folder: string;
  /** Ends this part of the run after so many steps. */
  readonly stopAt?: number;
  readonly accumulate?: number;
  readonly everySteps?: number;
  readonly epochs?: number;
  readonly steps?: number;
}

function points(): TensorDataset<"x" | "y"> {
  const random = new Random(2);
  const x = Float32Array.from({ length: 2 * 90 }, () => random.uniform(-1, 1));
  const y = Int32Array.from({ length: 90 }, (_, i) => Number(x[2 * i] > 0));
  return new TensorDataset({ x: { values: x, shape: [2] }, y });
}

/** Trains one part: new objects each time, as in a new process. */
async function trainPart(options: PartOptions): Promise<Part> {
  const { folder, stopAt, everySteps, accumulate, epochs, steps } = options;
  using model = quadrantNetwork(0.3);
  using optimizer = new optim.AdamW(model.namedParameters(), { lr: 0.05 });
  using data = new DataLoader(points(), { batchSize: 16, shuffle: true, seed: 4 });
  const losses: number[] = [];
  const result = await fit(model, {
    data,
    loss: (output, { y }) => crossEntropy(output, y),
    optimizer,
    schedule: new optim.ReduceLROnPlateau(optimizer, { patience: 0 }),
    ...steps === undefined ? { epochs: epochs ?? 4 } : { steps },
    validate: { data: pointBatches(2, 20), everySteps: 4 },
    metrics: [new Accuracy()],
    earlyStopping: { metric: "accuracy", patience: 40, restoreBest: true },
    accumulate,
    checkpoint: { folder, everySteps: everySteps ?? 1000, resume: true, best: "accuracy" },
    logs: [new JsonLinesLog(`${folder}/run.jsonl`)],
    logEverySteps: 3,
    progress: "silent",
    seed: 5,
    onStep: ({ loss, step, stop }) => {
      losses.push(loss);
      if (step === stopAt) stop();
    },
  });
  const weights = [...model.stateDict().values()].map((weight) => [...weight.read()]);
  return { losses, result, weights };
}

/** What of a record does not depend on the clock or on how memory came to be. */
function timeless({ kind, step, epoch, values }: RunRecord): unknown {
  const names = Object.keys(values).filter((name) => !/_per_second$|_bytes$/.test(name));
  return { kind, step, epoch, values: names.map((name) => [name, values[name]]) };
}

for (const accumulate of [1, 4]) {
  test(`fit: goes on from a checkpoint bit by bit, accumulate ${accumulate}`, async () => {
    using folder = new TemporaryFolder();
    const whole = await trainPart({ folder: folder.file("whole"), accumulate });
    assertEquals(whole.result.stoppedBy, "done");
    const { steps } = whole.result;
    const log = readRunLog(folder.file("whole/run.jsonl")).map(timeless);
    // In the middle of the first epoch, at its end, at the end of all, and twice.
    const perEpoch = steps / 4;
    for (
      const stops of [[1], [perEpoch], [perEpoch + 1], [steps - 1], [steps], [2, 2 + perEpoch]]
    ) {
      const path = folder.file(stops.join("-"));
      const losses: number[] = [];
      for (const stopAt of stops) {
        const part = await trainPart({ folder: path, stopAt, accumulate });
        assertEquals(part.result.steps, stopAt);
        losses.push(...part.losses);
      }
      const last = await trainPart({ folder: path, accumulate });
      losses.push(...last.losses);
      assertEquals(losses, whole.losses);
      assertEquals(last.weights, whole.weights);
      assertEquals(last.result.history.map(timeless), whole.result.history.map(timeless));
      assertEquals(last.result.best, whole.result.best);
      assertEquals(readRunLog(`${path}/run.jsonl`).map(timeless), log);
    }
  });
}

test("fit: a run that is over returns at once, and can be made longer", async () => {
  using folder = new TemporaryFolder();
  const whole = await trainPart({ folder: folder.file("whole"), epochs: 4 });
  const short = await trainPart({ folder: folder.file("a"), epochs: 2 });
  const again = await trainPart({ folder: folder.file("a"), epochs: 2 });
  assertEquals([again.losses.length, again.result.stoppedBy], [0, "done"]);
  assertEquals(again.result.history, short.result.history);
  assertEquals(again.weights, short.weights);
  const longer = await trainPart({ folder: folder.file("a"), epochs: 4 });
  assertEquals([...short.losses, ...longer.losses], whole.losses);
});

test("fit: data that cannot say where it stands is walked through again", async () => {
  using _ = scope();
  using folder = new TemporaryFolder();
  const data = pointBatches(5, 16);
  const whole = await trainQuadrants(data, {}, { dropout: 0.2 });
  const losses: number[] = [];
  for (const stopAt of [3, 5, 11, Infinity]) {
    await trainQuadrants(data, {
      checkpoint: { folder: folder.path, resume: true },
      onStep: ({ loss, step, stop }) => {
        losses.push(loss);
        if (step === stopAt) stop();
      },
    }, { dropout: 0.2 });
  }
  assertEquals(losses, whole.losses);
});

test("fit: saves when it was told to, and what is best", async () => {
  using _ = scope();
  using folder = new TemporaryFolder();
  const data = pointBatches(6, 16);
  const names = (name: string) => readdirSync(folder.file(name)).sort();
  const save = (name: string, checkpoint: object) =>
    trainQuadrants(data, {
      validate: data,
      checkpoint: { folder: folder.file(name), keep: Infinity, ...checkpoint },
    });
  await save("epochs", {});
  assertEquals(names("epochs"), [6, 12, 18].map(fileName));
  await save("steps", { everySteps: 5 });
  assertEquals(names("steps"), [5, 10, 15, 18].map(fileName));
  await save("both", { everySteps: 5, everyEpochs: 2, keep: 2 });
  assertEquals(names("both"), [15, 18].map(fileName));
  await save("best", { everySteps: 1000, best: "loss" });
  assertEquals(names("best"), ["best.safetensors", ...[6, 12, 18].map(fileName)]);
});

function fileName(step: number): string {
  return `step-${String(step).padStart(8, "0")}.safetensors`;
}

test("fit: a folder of another run is not written to", async () => {
  using _ = scope();
  using folder = new TemporaryFolder();
  const data = pointBatches(2, 8);
  await trainQuadrants(data, { checkpoint: { folder: folder.path } });
  const error = await assertRejects(
    () => trainQuadrants(data, { checkpoint: { folder: folder.path } }),
    QorusError,
    "resume: true",
  );
  assertEquals(error.field, "checkpoint.folder");
});

test("fit: a checkpoint of another model is an error, and changes nothing", async () => {
  using _ = scope();
  using folder = new TemporaryFolder();
  const data = pointBatches(2, 8);
  const checkpoint = { folder: folder.path, resume: true };
  await trainQuadrants(data, { checkpoint });
  using model = new nn.Sequential(new nn.Linear(2, 5), new nn.Linear(5, 4));
  using optimizer = new optim.AdamW(model.parameters(), { lr: 0.1 });
  const before = [...model.stateDict().values()].map((weight) => [...weight.read()]);
  const error = await assertRejects(
    () =>
      fit(model, {
        data,
        loss: (output, { y }) => crossEntropy(output, y),
        optimizer,
        epochs: 9,
        checkpoint,
        progress: "silent",
      }),
    QorusError,
  );
  assert(error.message.includes(folder.path), error.message);
  assertEquals([...model.stateDict().values()].map((weight) => [...weight.read()]), before);
});

test("fit: parts of the program's own are saved beside the run", async () => {
  using _ = scope();
  using folder = new TemporaryFolder();
  const counter = (start: number) => ({
    count: start,
    stateDict() {
      return this.count;
    },
    loadStateDict(state: unknown) {
      this.count = state as number;
    },
  });
  const [first, second] = [counter(7), counter(0)];
  const data = pointBatches(2, 8);
  const save = (part: typeof first) => ({ folder: folder.path, resume: true, others: { part } });
  await trainQuadrants(data, { checkpoint: save(first) });
  await trainQuadrants(data, { checkpoint: save(second) });
  assertEquals(second.count, 7);
  assert(existsSync(folder.path));
});
