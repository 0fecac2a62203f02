/** Training that is killed again and again ends as if it had never been. */

import { assert, assertEquals } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { verifyCheckpoint } from "../../../../lib/train/checkpoint/checkpoint.ts";
import { seededRandom } from "../../../support/random.ts";
import { TemporaryFolder } from "../../../support/temporary_folder.ts";
import { TinyRun, tinyRunSteps } from "../../../support/tiny_run.ts";
import { trainingFolder, type TrainingProcessOptions } from "../../../support/training_process.ts";

const program = fileURLToPath(new URL("../../../support/training_process.ts", import.meta.url));
const runtimeArguments = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];

/** A busy machine takes its time to start so many processes. */
const options = { timeout: 300_000 };

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

test(
  "training killed 20 times ends with the losses of a run that was not, bit by bit",
  options,
  async () => {
    using place = new TemporaryFolder();
    const random = seededRandom(4);
    const [folder, log, every] = [place.file("killed"), place.file("log"), 3];
    const work = { folder, log, every, pauseMilliseconds: 1 };
    let longest = 0;
    for (let kill = 0; kill < 20; kill++) {
      const start = performance.now();
      const training = startTraining({ ...work, steps: tinyRunSteps }, 1 + kill % 2);
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
    const last = startTraining({ ...work, steps }, 2);
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
  },
);

test(
  "a process killed while it saves leaves what was there, and goes on from it",
  options,
  async () => {
    using place = new TemporaryFolder();
    const [path, log] = [place.file("run"), place.file("log")];
    const folder = trainingFolder(path);
    using run = new TinyRun();
    run.train(2);
    folder.save(run.parts, run.progress);
    const expected = run.train(1);
    const [before] = folder.list();
    const saved = readFileSync(before.path);
    const work = { folder: path, log, every: 1, steps: 3, pauseMilliseconds: 0 };
    // Within the header, a tensor, the last one, and with the whole file before it gets its name.
    for (const killAt of [1, 9, 23, "commit"] as const) {
      const training = startTraining({ ...work, killAt }, 1);
      assertEquals([await training.over, training.steps()], ["", 1]);
      assert(readdirSync(path).some((name) => name.endsWith(".partial")), `no file at ${killAt}`);
      assertEquals([folder.list(), folder.latest()], [[before], before.path]);
      assertEquals(readFileSync(before.path).equals(saved), true);
      assertEquals(readFileSync(folder.best()!).equals(saved), true);
    }
    assertEquals([await startTraining(work, 1).over, folder.list().at(-1)!.step], ["", 3]);
    for (const line of readFileSync(log, "utf8").trim().split("\n")) {
      assertEquals(JSON.parse(line), [3, expected[0]]);
    }
    assertEquals(readdirSync(path).filter((name) => !name.endsWith(".safetensors")), []);
  },
);
