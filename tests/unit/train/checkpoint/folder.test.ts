/** Which checkpoints a folder keeps, and which one a run goes on from. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { QorusError } from "../../../../lib/native/error.ts";
import * as nn from "../../../../lib/nn/mod.ts";
import { loadCheckpoint, verifyCheckpoint } from "../../../../lib/train/checkpoint/checkpoint.ts";
import {
  CheckpointFolder,
  type CheckpointFolderOptions,
} from "../../../../lib/train/checkpoint/folder.ts";
import { TemporaryFolder } from "../../../support/temporary_folder.ts";
import { TinyRun } from "../../../support/tiny_run.ts";

/** Saves checkpoints of a small model with these steps and scores; names of what is left. */
function names(
  path: string,
  options: CheckpointFolderOptions,
  saved: readonly (readonly [step: number, score?: number])[],
): string[] {
  using model = new nn.Linear(1, 1);
  const folder = new CheckpointFolder(path, options);
  for (const [step, score] of saved) folder.save({ model }, { step, epoch: 0, score });
  return readdirSync(path).sort();
}

function stepOf(path: string | undefined): number | undefined {
  return path === undefined ? undefined : verifyCheckpoint(path).step;
}

test("CheckpointFolder: keeps the last checkpoints, three unless told otherwise", () => {
  using folder = new TemporaryFolder();
  const steps = [5, 100, 99, 1500, 123456789].map((step) => [step] as const);
  assertEquals(names(folder.file("a/b"), {}, steps), [
    "step-00000100.safetensors",
    "step-00001500.safetensors",
    "step-123456789.safetensors",
  ]);
  assertEquals(names(folder.file("one"), { keep: 1 }, steps), ["step-123456789.safetensors"]);
  assertEquals(names(folder.file("all"), { keep: Infinity }, steps).length, 5);
  const { path } = new CheckpointFolder(folder.file("all")).list().at(-1)!;
  assertEquals(stepOf(path), 123456789);
  assertEquals(new CheckpointFolder(folder.file("all")).list().map(({ step }) => step), [
    5,
    99,
    100,
    1500,
    123456789,
  ]);
});

test("CheckpointFolder: keeps what was just saved, whatever its step", () => {
  using folder = new TemporaryFolder();
  const left = names(folder.path, { keep: 1 }, [[8], [9], [2]]);
  assertEquals(left, ["step-00000002.safetensors", "step-00000009.safetensors"]);
});

test("CheckpointFolder: keeps the best besides, by the least or the largest score", () => {
  using folder = new TemporaryFolder();
  const saved = [[1, 3], [2, NaN], [3, 1], [4, 1], [5, 2], [6], [7, 9]] as const;
  const bestStep = (mode: "min" | "max", scores: readonly (readonly [number, number?])[]) => {
    const path = folder.file(`${mode}${scores.length}`);
    names(path, { keep: 1, best: { mode } }, scores);
    return stepOf(new CheckpointFolder(path).best());
  };
  assertEquals(bestStep("min", saved), 3);
  assertEquals(bestStep("max", saved.slice(0, 6)), 1);
  assertEquals(bestStep("max", saved), 7);
  assertEquals(bestStep("min", [[1, NaN], [2]]), undefined);
  assertEquals(bestStep("max", [[1, -Infinity], [2, -5], [3, -5]]), 2);
});

test("CheckpointFolder: another process goes on with the best one's score", () => {
  using folder = new TemporaryFolder();
  const best = { mode: "min" } as const;
  names(folder.path, { best }, [[1, 5], [2, 4]]);
  names(folder.path, { best }, [[3, 4.5]]);
  assertEquals(stepOf(new CheckpointFolder(folder.path).best()), 2);
  const path = folder.file("best.safetensors");
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  const error = assertThrows(() => names(folder.path, { best }, [[4, 3]]), QorusError);
  assert(error.message.includes(`${path}: sha256: `) && error.message.includes("Delete it: "));
});

test("CheckpointFolder: removes what killed processes left, and nothing else", () => {
  using folder = new TemporaryFolder();
  // A process that has ended; its number is not taken again at once.
  const ended = spawnSync(process.execPath, ["--version"]).pid;
  const partial = (step: string, pid: number) => `.${step}.safetensors.${pid}-1-abc123.partial`;
  const removed = [
    partial("step-00000001", ended),
    partial("best", ended),
    partial("step-00000002", process.pid),
    partial("step-00000003", process.ppid),
  ];
  const kept = [
    partial("step-00000004", process.ppid),
    partial("weights", ended),
    `.step-00000001.safetensors.${ended}-1-abc123`,
    "step-1.safetensors.partial",
    "run.jsonl",
  ];
  for (const name of [...removed, ...kept]) writeFileSync(folder.file(name), "x");
  const longAgo = new Date(Date.now() - 2 * 3600_000);
  utimesSync(folder.file(removed[3]), longAgo, longAgo);
  assertEquals(names(folder.path, {}, [[7]]), [...kept, "step-00000007.safetensors"].sort());
});

test("CheckpointFolder: a run goes on from the newest; without one it begins", () => {
  using place = new TemporaryFolder();
  const folder = new CheckpointFolder(place.file("runs"), { keep: 2 });
  using first = new TinyRun();
  assertEquals([folder.resume(first.parts), folder.latest(), folder.best()], [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(readdirSync(place.path), []);
  for (let i = 0; i < 3; i++) {
    first.train(5);
    folder.save(first.parts, first.progress);
  }
  const expected = first.train(9);
  using second = new TinyRun({ seed: 9 });
  second.goOn(folder.resume(second.parts)!);
  assertEquals(second.step, 15);
  assertEquals(second.train(9), expected);
});

test("CheckpointFolder: a damaged newest one is an error that names the newest good one", () => {
  using place = new TemporaryFolder();
  const folder = new CheckpointFolder(place.path);
  using run = new TinyRun();
  for (let i = 0; i < 3; i++) {
    run.train(2);
    folder.save(run.parts, run.progress);
  }
  const [first, second, third] = folder.list().map(({ path }) => path);
  const damage = (path: string) => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 3] ^= 1;
    writeFileSync(path, bytes);
  };
  damage(third);
  assertEquals(folder.latest(), second);
  const { biasSum } = run;
  const before = biasSum.toArray();
  const error = assertThrows(() => folder.resume(run.parts), QorusError);
  assertEquals([error.code, error.path, error.expected], ["invalid_file", third, second]);
  assert(error.message.startsWith(`${third}: sha256: does not belong to the contents`));
  assert(
    error.message.endsWith(
      `. The newest good checkpoint is ${second}: delete the damaged one to go on from there, or ` +
        "load that path with loadCheckpoint.",
    ),
    error.message,
  );
  assertEquals(biasSum.toArray(), before);
  assertEquals(loadCheckpoint(second, run.parts).step, 4);
  writeFileSync(second, "");
  assertEquals(assertThrows(() => folder.resume(run.parts), QorusError).expected, first);
  damage(first);
  assertEquals(folder.latest(), undefined);
  const last = assertThrows(() => folder.resume(run.parts), QorusError);
  assert(last.message.endsWith("There is no good checkpoint before it: delete it to begin anew."));
});

test("CheckpointFolder: a good checkpoint of another run is not passed over", () => {
  using place = new TemporaryFolder();
  const folder = new CheckpointFolder(place.path);
  using run = new TinyRun();
  folder.save(run.parts, { step: 1, epoch: 0 });
  using other = new TinyRun({ hidden: 16 });
  const error = assertThrows(() => folder.resume(other.parts), QorusError);
  assert(error.message.includes("model: the checkpoint is of another one"), error.message);
});

test("CheckpointFolder: files with other names are no checkpoints", () => {
  using place = new TemporaryFolder();
  const folder = new CheckpointFolder(place.path, { keep: 1 });
  using model = new nn.Linear(1, 1);
  const path = folder.save({ model }, { step: 3, epoch: 0 });
  for (const name of ["step-4.safetensors", "step-000000005.safetensors", "step-00000006.bin"]) {
    copyFileSync(path, place.file(name));
  }
  assertEquals(folder.list(), [{ path, step: 3 }]);
  folder.save({ model }, { step: 4, epoch: 0 });
  assertEquals(readdirSync(place.path).length, 4);
});

test("CheckpointFolder: options and folders that cannot be are errors", () => {
  using place = new TemporaryFolder();
  for (const keep of [0, -1, 1.5, NaN]) {
    assertThrows(() => new CheckpointFolder("runs", { keep }), QorusError, "keep");
  }
  const best = { mode: "less" as "min" };
  assertThrows(() => new CheckpointFolder("runs", { best }), QorusError, "best.mode is less");
  writeFileSync(place.file("file"), "");
  using model = new nn.Linear(1, 1);
  const inside = new CheckpointFolder(place.file("file"));
  assertThrows(() => inside.save({ model }, { step: 0, epoch: 0 }), QorusError, "make the folder");
  assertThrows(() => inside.list(), QorusError, "list its checkpoints");
  mkdirSync(place.file("step-00000001.safetensors"));
  const folder = new CheckpointFolder(place.path);
  assertEquals(assertThrows(() => folder.resume({ model }), QorusError).code, "io");
});
