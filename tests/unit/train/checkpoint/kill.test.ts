/** Training that is killed again and again ends as if it had never been. */

import { assert, assertEquals } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadCheckpoint, verifyCheckpoint } from "../../../../lib/train/checkpoint/checkpoint.ts";
import { seededRandom } from "../../../support/random.ts";
import { TemporaryFolder } from "../../../support/temporary_folder.ts";
import { TinyRun, tinyRunSteps } from "../../../support/tiny_run.ts";
import { trainingFolder, type TrainingProcessOptions } from "../../../support/training_process.ts";

const program = fileURLToPath(new URL("../../../support/training_process.ts", import.meta.url));
const runtimeArguments = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];

/** A process that trains, and whether it is still there. */
interface Training {
  readonly child: ChildProcess;
  /** Steps that it has reported. */
  readonly steps: () => number;
  readonly isOver: () => boolean;
  /** Resolves when it has ended, with what it wrote to stderr. */
  readonly over: Promise<string>;
}

function startTraining(options: TrainingProcessOptions, threads: number): Training {
  const child = spawn(
    process.execPath,
    [...runtimeArguments, program, JSON.stringify(options)],
    {
      env: { ...process.env, NO_COLOR: "1", QORUS_THREADS: String(threads) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let [steps, stderr, isOver] = [0, "", false];
  child.stdout!.on("data", (chunk: Uint8Array) => steps += chunk.length);
  child.stderr!.on("data", (chunk) => stderr += chunk);
  const over = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      isOver = true;
      resolve(stderr);
    });
  });
  return { child, steps: () => steps, isOver: () => isOver, over };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Kills a training when `isTime`; whether it was still running. */
async function killWhen(training: Training, isTime: () => boolean): Promise<boolean> {
  while (!isTime() && !training.isOver()) await pause(0.5);
  const wasRunning = !training.isOver();
  if (wasRunning) process.kill(training.child.pid!, "SIGKILL");
  assertEquals(await training.over, "");
  return wasRunning;
}

/** Losses of a run that nobody interrupts, and its checkpoints. */
function trainAtOnce(path: string, steps: number, every: number): number[] {
  const folder = trainingFolder(path);
  using run = new TinyRun();
  return Array.from({ length: steps }, () => {
    const [loss] = run.train(1);
    if (run.step % every === 0) folder.save(run.parts, run.progress);
    return loss;
  });
}

function contents(path: string): [string, string][] {
  return readdirSync(path).sort().map((name) => [
    name,
    readFileSync(join(path, name)).toString("base64"),
  ]);
}

test("training killed 20 times ends with the losses of a run that was not, bit by bit", async () => {
  using place = new TemporaryFolder();
  const random = seededRandom(4);
  const [folder, log, every] = [place.file("killed"), place.file("log"), 3];
  const options = { folder, log, every, hidden: 8, pauseMilliseconds: 1 };
  let longest = 0;
  for (let kill = 0; kill < 20; kill++) {
    const start = performance.now();
    const training = startTraining({ ...options, steps: tinyRunSteps }, 1 + kill % 2);
    // Now and then at any time, while it starts or loads; else after some steps.
    const time = kill % 5 === 4 ? random() * longest : Infinity;
    const [steps, rest] = [1 + Math.floor(random() * 9), random() * 3];
    let reached = Infinity;
    const wasRunning = await killWhen(training, () => {
      const now = performance.now();
      if (training.steps() >= steps) reached = Math.min(reached, now);
      return now - start >= time || now - reached >= rest;
    });
    assert(wasRunning, "the process ended by itself");
    longest = Math.max(longest, performance.now() - start);
  }
  const { step } = verifyCheckpoint(trainingFolder(folder).latest()!);
  const steps = step + 4 * every;
  const last = startTraining({ ...options, steps }, 2);
  assertEquals([await last.over, last.child.exitCode], ["", 0]);
  const expected = trainAtOnce(place.file("whole"), steps, every);
  const seen = new Set<number>();
  const lines = readFileSync(log, "utf8").trim().split("\n");
  assert(lines.length > steps, "no step was done twice");
  for (const line of lines) {
    const [at, loss] = JSON.parse(line);
    assertEquals(loss, expected[at - 1], `loss of step ${at}`);
    seen.add(at);
  }
  assertEquals(seen.size, steps);
  assertEquals(contents(folder), contents(place.file("whole")));
});

test("a process killed while it saves leaves the checkpoints before whole", async () => {
  using place = new TemporaryFolder();
  const hidden = 200_000;
  const path = place.file("run");
  const options = { folder: path, log: place.file("log"), hidden, every: 1, pauseMilliseconds: 0 };
  const folder = trainingFolder(path);
  mkdirSync(path);
  const partials = () => readdirSync(path).filter((name) => name.endsWith(".partial"));
  let cutCount = 0;
  for (let life = 0; cutCount < 2; life++) {
    assert(life < 20, "no process was killed while it saved");
    const training = startTraining({ ...options, steps: tinyRunSteps }, 2);
    const isSaving = () =>
      training.steps() > 1 && folder.list().length > 0 && partials().length > 0;
    await killWhen(training, isSaving);
    cutCount += Math.min(1, partials().length);
    for (const { path, step } of folder.list()) assertEquals(verifyCheckpoint(path).step, step);
  }
  assertEquals(folder.latest(), folder.list().at(-1)!.path);
  using run = new TinyRun({ hidden });
  assertEquals(loadCheckpoint(folder.latest()!, run.parts).step, folder.list().at(-1)!.step);
  folder.resume(run.parts);
  assertEquals(partials(), []);
});
