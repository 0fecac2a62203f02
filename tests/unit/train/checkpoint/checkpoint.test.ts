/** Saving a run, and going on from it bit for bit. */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { configure, counters, libraryInfo } from "../../../../lib/core/context.ts";
import { empty } from "../../../../lib/core/creation.ts";
import { random, randomState } from "../../../../lib/core/random.ts";
import { scope } from "../../../../lib/core/scope.ts";
import { StateArena } from "../../../../lib/core/state.ts";
import { QorusError } from "../../../../lib/native/error.ts";
import * as nn from "../../../../lib/nn/mod.ts";
import * as optim from "../../../../lib/optim/mod.ts";
import {
  loadCheckpoint,
  saveCheckpoint,
  verifyCheckpoint,
} from "../../../../lib/train/checkpoint/checkpoint.ts";
import type { CheckpointParts, Json } from "../../../../lib/train/checkpoint/state.ts";
import { TemporaryFolder } from "../../../support/temporary_folder.ts";
import { TinyRun } from "../../../support/tiny_run.ts";

/** Everything that a run consists of, in bytes. */
function bytesOf(run: TinyRun, folder: TemporaryFolder): Uint8Array {
  saveCheckpoint(folder.file("bytes"), run.parts, run.progress);
  return new Uint8Array(readFileSync(folder.file("bytes")));
}

test("checkpoint: a run in fresh parts goes on bit for bit, within an epoch and between", () => {
  using folder = new TemporaryFolder();
  for (const count of [0, 1, 7, 12]) {
    using first = new TinyRun();
    first.train(count);
    const path = folder.file("run.safetensors");
    saveCheckpoint(path, first.parts, first.progress);
    const expected = first.train(16);
    using second = new TinyRun({ seed: 77 });
    second.train(3);
    const progress = loadCheckpoint(path, second.parts);
    assertEquals(progress.step, count);
    second.goOn(progress);
    assertEquals(second.train(16), expected);
    assertEquals(bytesOf(second, folder), bytesOf(first, folder));
  }
});

test("checkpoint: parts whose tensors are not made yet are loaded without drawing numbers", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.safetensors");
  using first = new TinyRun();
  first.train(5);
  saveCheckpoint(path, first.parts, first.progress);
  const expected = first.train(5);
  using second = new TinyRun({ seed: 2 });
  second.goOn(loadCheckpoint(path, second.parts));
  assertEquals(second.train(5), expected);
});

test("checkpoint: losses after a checkpoint do not depend on the number of threads", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.safetensors");
  const { threads } = libraryInfo();
  try {
    configure({ threads: 1 });
    using first = new TinyRun();
    first.train(4);
    saveCheckpoint(path, first.parts, first.progress);
    const expected = first.train(10);
    configure({ threads: 2 });
    using second = new TinyRun({ seed: 2 });
    second.goOn(loadCheckpoint(path, second.parts));
    assertEquals(second.train(10), expected);
  } finally {
    configure({ threads });
  }
});

test("checkpoint: saving changes nothing, and the same state gives the same bytes", () => {
  using folder = new TemporaryFolder();
  using run = new TinyRun();
  run.train(3);
  const before = randomState();
  assertEquals(bytesOf(run, folder), bytesOf(run, folder));
  assertEquals(randomState(), before);
  const losses = run.train(6);
  using other = new TinyRun();
  assertEquals(other.train(9).slice(3), losses);
});

test("checkpoint: saving takes no memory and leaves none behind", () => {
  using folder = new TemporaryFolder();
  using run = new TinyRun({ hidden: 64 });
  run.train(2);
  const path = folder.file("run.safetensors");
  saveCheckpoint(path, run.parts, run.progress);
  const { allocationCount, scratchHighWaterBytes } = counters();
  for (let i = 0; i < 5; i++) saveCheckpoint(path, run.parts, run.progress);
  const after = counters();
  assertEquals(after.allocationCount, allocationCount);
  assertEquals(after.scratchHighWaterBytes, scratchHighWaterBytes);
  assertEquals(readdirSync(folder.path), ["run.safetensors"]);
});

test("checkpoint: the file is safetensors with the names of model, optimizer and tensors", () => {
  using folder = new TemporaryFolder();
  using run = new TinyRun();
  run.train(1);
  const path = folder.file("run.safetensors");
  saveCheckpoint(path, run.parts, run.progress);
  using _ = scope();
  const tensors = nn.loadSafetensors(path);
  for (const [name, tensor] of run.model.stateDict()) {
    assertEquals(tensors.get(`model.${name}`)!.toArray(), tensor.toArray());
  }
  assert(tensors.has("optimizer.0.weight.exp_avg") && tensors.has("optimizer.4.bias.exp_avg_sq"));
  assertEquals(tensors.get("tensors.bias_sum")!.toArray(), run.biasSum.toArray());
  assertEquals(verifyCheckpoint(path), run.progress);
});

test("checkpoint: tensors of two and of one byte per element keep their bits", () => {
  using folder = new TemporaryFolder();
  using arena = new StateArena(1024);
  using model = new nn.Linear(2, 2);
  const bytes = arena.empty([3], "u8").write([1, 2, 255]);
  const halves = arena.empty([2, 3], "bf16").write([1, 2, 3, 0x7fc0, 0x8000, 6]);
  const rows = arena.empty([2, 3]).write([1, 2, 3, 4, 5, 6]);
  const view = rows.transpose(0, 1);
  const empties = arena.empty([0, 4]);
  const tensors = new Map([["bytes", bytes], ["halves", halves], ["view", view], [
    "none",
    empties,
  ]]);
  const path = folder.file("run.safetensors");
  saveCheckpoint(path, { model, tensors }, { step: 0, epoch: 0 });
  bytes.write([0, 0, 0]);
  halves.write([0, 0, 0, 0, 0, 0]);
  rows.fill(0);
  loadCheckpoint(path, { model, tensors });
  assertEquals([...bytes.read()], [1, 2, 255]);
  assertEquals([...halves.read()], [1, 2, 3, 0x7fc0, 0x8000, 6]);
  assertEquals(view.toArray(), [[1, 4], [2, 5], [3, 6]]);
});

test("checkpoint: numbers come back exactly", () => {
  using folder = new TemporaryFolder();
  using model = new nn.Linear(1, 1);
  const numbers = [0.1, -0, 0, NaN, Infinity, -Infinity, 5e-324, 2 ** 53, 1 / 3, -1e300];
  const state: Json = {
    numbers,
    "nested": [{ "__proto__x": null, "é\ud800\u0000": true }, [[]], {}, "$number"],
  };
  let loaded: Json = null;
  const part = { stateDict: () => state, loadStateDict: (given: Json) => void (loaded = given) };
  const path = folder.file("run.safetensors");
  const parts = { model, others: { part } };
  saveCheckpoint(path, parts, { step: 3, epoch: 1, score: -0 });
  const progress = loadCheckpoint(path, parts);
  assert(Object.is(progress.score, -0));
  const given = loaded as unknown as { numbers: number[]; nested: Json };
  assertEquals(
    given.numbers.map((value, i) => Object.is(value, numbers[i])),
    numbers.map(() => true),
  );
  assertEquals(given.nested, (state as { nested: Json }).nested);
});

test("checkpoint: a state that is no JSON is refused by name, and nothing is written", () => {
  using folder = new TemporaryFolder();
  using model = new nn.Linear(1, 1);
  const circle: unknown[] = [];
  circle.push(circle);
  const values = [new Map(), new Float32Array(1), () => 1, 1n, [undefined], circle, { $number: 1 }];
  for (const value of values) {
    const part = { stateDict: () => ({ deep: value as Json }), loadStateDict: () => {} };
    const save = () =>
      saveCheckpoint(folder.file("run"), { model, others: { part } }, { step: 0, epoch: 0 });
    const error = assertThrows(save, QorusError, "state.others.part.deep");
    assertEquals(error.code, "invalid_argument");
  }
  for (const step of [-1, 0.5, NaN, 2 ** 53]) {
    const save = () => saveCheckpoint(folder.file("run"), { model }, { step, epoch: 0 });
    assertThrows(save, QorusError, "progress.step");
  }
  assertEquals(readdirSync(folder.path), []);
});

test("checkpoint: with partial, only the given parts are loaded", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.safetensors");
  using first = new TinyRun();
  first.train(4);
  saveCheckpoint(path, first.parts, first.progress);
  using second = new TinyRun({ seed: 3 });
  second.train(2);
  const [rng, states] = [randomState(), second.optimizer.stateDict().steps];
  assertThrows(
    () => loadCheckpoint(path, { model: second.model }),
    QorusError,
    "others.meter, optimizer, schedule, data, tensors: in this checkpoint, but not among the parts",
  );
  assertEquals(loadCheckpoint(path, { model: second.model }, { partial: true }).step, 4);
  assertEquals([randomState(), second.optimizer.stateDict().steps], [rng, states]);
  for (const [name, tensor] of first.model.stateDict()) {
    assertEquals(second.model.stateDict().get(name)!.toArray(), tensor.toArray());
  }
});

/** A checkpoint of a run, and a run that it does not fit. */
function refused(change: (run: TinyRun) => CheckpointParts, options = {}): QorusError {
  using folder = new TemporaryFolder();
  const path = folder.file("run.safetensors");
  using saved = new TinyRun();
  saved.train(9);
  saveCheckpoint(path, saved.parts, saved.progress);
  using run = new TinyRun({ seed: 4, ...options });
  run.train(2);
  const parts = change(run);
  // Set by hand: the schedule would not come to it again.
  if (parts.optimizer === run.optimizer) run.optimizer.learningRate = 0.123;
  const before = bytesOf(run, folder);
  const error = assertThrows(() => loadCheckpoint(path, parts), QorusError);
  assertEquals(error.path, path);
  assertEquals(bytesOf(run, folder), before);
  return error;
}

test("checkpoint: another model is refused, naming what differs, and nothing changes", () => {
  const { message } = refused((run) => run.parts, { hidden: 9 });
  assert(
    message.includes(
      "model: the checkpoint is of another one: 0.weight is f32 [8, 4] in the checkpoint, " +
        "f32 [9, 4] here; ",
    ),
    message,
  );
  using other = new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 3));
  assertEquals(
    refused((run) => ({ ...run.parts, model: other })).message.replace(/^.*?: /, ""),
    "model: the checkpoint is of another one: 1.weight is in the checkpoint only; 1.bias is in " +
      "the checkpoint only; 1.running_mean is in the checkpoint only; 1.running_var is in the " +
      "checkpoint only; 1.num_batches_tracked is in the checkpoint only; 4 more. Build it as the " +
      "saved run did, or begin in another folder.",
  );
});

test("checkpoint: a model that was not used yet stays so when it is refused", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.safetensors");
  using saved = new nn.Linear(4, 8);
  saveCheckpoint(path, { model: saved }, { step: 0, epoch: 0 });
  using model = new nn.Linear(4, 9);
  const before = randomState();
  assertThrows(() => loadCheckpoint(path, { model }), QorusError, "[9, 4] here");
  assertEquals(model.weight.dtype, undefined);
  assertEquals(randomState(), before);
});

test("checkpoint: another optimizer is refused, and nothing changes", () => {
  const named = (run: TinyRun) => run.model.namedParameters();
  const sgd = refused((run) => ({ ...run.parts, optimizer: new optim.SGD(named(run), { lr: 1 }) }));
  assert(sgd.message.includes("optimizer: loadStateDict: the state of AdamW was given to SGD"));
  const fewer = refused((run) => {
    const parameters = [...named(run)].slice(1);
    return { ...run.parts, optimizer: new optim.AdamW(parameters) };
  });
  assert(fewer.message.includes("group 0 has 0.bias, "), fewer.message);
});

test("checkpoint: options that ask an optimizer for other tensors are refused", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.safetensors");
  using model = new nn.Linear(2, 2);
  using optimizer = new optim.SGD(model.namedParameters(), { lr: 1, momentum: 0.9 });
  saveCheckpoint(path, { model, optimizer }, { step: 0, epoch: 0 });
  using other = new optim.SGD(model.namedParameters(), { lr: 1 });
  assertThrows(
    () => loadCheckpoint(path, { model, optimizer: other }),
    QorusError,
    "the options of group 0 ask for momentum_buffer; those given to the optimizer for no tensors",
  );
});

test("checkpoint: another schedule, loader or set of parts is refused, and nothing changes", () => {
  const schedule = refused((run) => ({
    ...run.parts,
    schedule: new optim.StepLR(run.optimizer, { stepSize: 3 }),
  }));
  assert(schedule.message.includes("schedule: OneCycleLR in the checkpoint, StepLR here"));
  const data = refused((run) => ({
    ...run.parts,
    data: {
      stateDict: () => ({}),
      loadStateDict() {
        throw new RangeError("epoch 1 of 0");
      },
    },
  }));
  assert(data.message.includes("data: epoch 1 of 0. Make it as the saved run did"));
  const missing = refused((run) => ({ ...run.parts, data: undefined, schedule: undefined }));
  assert(missing.message.includes("schedule, data: in this checkpoint, but not among the parts"));
  const more = refused((run) => ({ ...run.parts, others: { meter: run.meter, early: run.meter } }));
  assert(more.message.includes("others.early: not in this checkpoint"), more.message);
  const tensors = refused((run) => ({ ...run.parts, tensors: new Map() }));
  assert(tensors.message.includes("tensors: the checkpoint is of another one: bias_sum is in the"));
});

test("checkpoint: a tensor that was not trained but mapped must be the same", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.safetensors");
  using arena = new StateArena(64);
  const base = arena.empty([1]).write([5]);
  using model = new nn.Linear(1, 1);
  const parts = { model, tensors: new Map([["base", base.expand([3])]]) };
  saveCheckpoint(path, parts, { step: 0, epoch: 0 });
  loadCheckpoint(path, parts);
  base.write([6]);
  const error = assertThrows(() => loadCheckpoint(path, parts), QorusError);
  assert(error.message.includes("tensors.base: has other values"), error.message);
});

test("checkpoint: files that are none are refused with what to do", async () => {
  using folder = new TemporaryFolder();
  using model = new nn.Linear(2, 2);
  const path = folder.file("model.safetensors");
  await model.save(path);
  const other = assertThrows(() => loadCheckpoint(path, { model }), QorusError);
  assert(other.code === "invalid_file" && other.message.includes("model.load(path)"));
  writeFileSync(path, "");
  assertThrows(() => verifyCheckpoint(path), QorusError, "is not that of a checkpoint");
  const missing = folder.file("missing");
  assertEquals(assertThrows(() => verifyCheckpoint(missing), QorusError).code, "not_found");
  const nowhere = folder.file("no/folder");
  const save = () => saveCheckpoint(nowhere, { model }, { step: 0, epoch: 0 });
  assertEquals(assertThrows(save, QorusError).code, "not_found");
});

test("checkpoint: quantized tensors and ended ones are refused, and nothing is written", () => {
  using folder = new TemporaryFolder();
  using arena = new StateArena(4096);
  using model = new nn.Linear(2, 2);
  const path = folder.file("run.safetensors");
  const quantized = new Map([["q", arena.empty([2, 32], "q8_0")]]);
  const save = (tensors: CheckpointParts["tensors"]) =>
    assertThrows(() => saveCheckpoint(path, { model, tensors }, { step: 0, epoch: 0 }), QorusError);
  assertEquals(save(quantized).code, "unsupported");
  const step = scope();
  const ended = new Map([["e", empty([2])]]);
  step[Symbol.dispose]();
  assertEquals(save(ended).code, "stale_handle");
  assert(!existsSync(path) && readdirSync(folder.path).length === 0);
});

test("checkpoint: the generator goes on between two normally distributed numbers", () => {
  using folder = new TemporaryFolder();
  using model = new nn.Linear(2, 2);
  const path = folder.file("run.safetensors");
  random().normal();
  saveCheckpoint(path, { model }, { step: 0, epoch: 0 });
  const expected = [random().normal(), random().normal()];
  assertNotEquals([random().normal(), random().normal()], expected);
  loadCheckpoint(path, { model });
  assertEquals([random().normal(), random().normal()], expected);
});
