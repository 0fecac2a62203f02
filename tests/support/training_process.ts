/**
 * A process that trains a `TinyRun`, saves checkpoints, and goes on from them when it is started
 * again. Run it with the options of {@linkcode TrainingProcessOptions} as JSON.
 *
 * @module
 */

import { appendFileSync, writeSync } from "node:fs";
import process from "node:process";
import { AtomicFile } from "../../lib/formats/atomic_file.ts";
import { CheckpointFolder } from "../../lib/train/checkpoint/folder.ts";
import { TinyRun } from "./tiny_run.ts";

/** What the process does. */
export interface TrainingProcessOptions {
  /** Where its checkpoints are. */
  readonly folder: string;
  /** The file to which each step and its loss are appended, as JSON lines. */
  readonly log: string;
  /** Steps after which it ends. */
  readonly steps: number;
  /** Steps between checkpoints. */
  readonly every: number;
  /** The process kills itself in the middle of this write to a checkpoint, or before its end. */
  readonly killAt?: number | "commit";
  /** Rest after each step. */
  readonly pauseMilliseconds: number;
}

/** The run's checkpoints, kept as the process keeps them. */
export function trainingFolder(path: string): CheckpointFolder {
  return new CheckpointFolder(path, { keep: 2, best: { mode: "min" } });
}

function killSelf(): never {
  process.kill(process.pid, "SIGKILL");
  while (true) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Makes the process kill itself while it writes. */
function killWhileWriting(at: number | "commit"): void {
  const { write, commit } = AtomicFile.prototype;
  let count = 0;
  AtomicFile.prototype.write = function (bytes: Uint8Array): void {
    count++;
    if (count !== at) return write.call(this, bytes);
    write.call(this, bytes.subarray(0, bytes.byteLength >> 1));
    killSelf();
  };
  AtomicFile.prototype.commit = function (): void {
    if (at === "commit") killSelf();
    commit.call(this);
  };
}

function main(options: TrainingProcessOptions): void {
  if (options.killAt !== undefined) killWhileWriting(options.killAt);
  const folder = trainingFolder(options.folder);
  using run = new TinyRun();
  const progress = folder.resume(run.parts);
  if (progress !== undefined) run.goOn(progress);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (run.step < options.steps) {
    const [loss] = run.train(1);
    appendFileSync(options.log, `${JSON.stringify([run.step, loss])}\n`);
    writeSync(1, ".");
    if (run.step % options.every === 0) folder.save(run.parts, run.progress);
    Atomics.wait(sleeper, 0, 0, options.pauseMilliseconds);
  }
}

if (import.meta.main) main(JSON.parse(process.argv[2]));
