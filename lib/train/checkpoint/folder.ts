/**
 * A run's checkpoints: the last few and the best.
 *
 * @module
 */

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemError } from "../../formats/file_error.ts";
import { QorusError } from "../../native/error.ts";
import { loadCheckpoint, saveCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { removeStaleFiles } from "./stale_files.ts";
import type { CheckpointParts, CheckpointProgress } from "./state.ts";

/** Options of {@linkcode CheckpointFolder}. */
export interface CheckpointFolderOptions {
  /** How many of the last checkpoints stay; Infinity keeps all. Default 3. */
  readonly keep?: number;
  /** Keeps the checkpoint with the least, or the largest, score besides. Default: none. */
  readonly best?: { readonly mode: "min" | "max" };
}

/** A checkpoint in a folder. */
export interface CheckpointEntry {
  /** Its file. */
  readonly path: string;
  /** Optimizer steps that the run had taken. */
  readonly step: number;
}

const bestName = "best.safetensors";
const stepName = /^step-(\d{8,16})\.safetensors$/;
const stepDigits = 8;

/**
 * The checkpoints of one run in a folder: `step-00001500.safetensors` and so on, and
 * `best.safetensors`. Older ones are removed as newer ones are saved, and so is what a process left
 * that was killed while it saved. Other files in the folder are let alone.
 *
 * A folder belongs to one run, and to one process at a time. The newest checkpoint is the one of
 * the highest step: to go on from an earlier one, delete those after it.
 *
 * @example
 * ```ts
 * import { nn, optim, train } from "@qorus/qorus";
 *
 * using model = new nn.Linear(8, 2);
 * using optimizer = new optim.SGD(model.namedParameters(), { lr: 0.1 });
 * const folder = new train.CheckpointFolder("runs/a", { keep: 2, best: { mode: "min" } });
 * let { step } = folder.resume({ model, optimizer }) ?? { step: 0 };
 * for (; step < 1000; step++) {
 *   // ... a step of training, and now and then:
 *   if (step % 100 === 0) folder.save({ model, optimizer }, { step, epoch: 0, score: 0.5 });
 * }
 * ```
 */
export class CheckpointFolder {
  /** The folder. */
  readonly path: string;
  readonly #keep: number;
  readonly #mode: "min" | "max" | undefined;
  /** Score of the best checkpoint, if there is one; read from its file when it is first needed. */
  #bestScore: number | undefined;
  #knowsBestScore = false;

  /**
   * Nothing is read or made before it is used.
   *
   * @throws {QorusError} `invalid_argument` when `keep` is not a whole number of at least 1, or
   * Infinity.
   */
  constructor(path: string, options: CheckpointFolderOptions = {}) {
    const { keep = 3, best } = options;
    if (!(keep === Infinity || Number.isSafeInteger(keep)) || keep < 1) {
      throw optionError("keep", keep, "a whole number of at least 1, or Infinity");
    }
    if (best !== undefined && best.mode !== "min" && best.mode !== "max") {
      throw optionError("best.mode", best.mode, "min or max");
    }
    this.path = path;
    this.#keep = keep;
    this.#mode = best?.mode;
  }

  /** The checkpoints but for the best, by step, good or not; none where there is no folder. */
  list(): CheckpointEntry[] {
    if (!existsSync(this.path)) return [];
    let names: string[];
    try {
      names = readdirSync(this.path);
    } catch (error) {
      throw systemError(this.path, "list its checkpoints", error);
    }
    return names.flatMap((name) => {
      const step = Number(stepName.exec(name)?.[1] ?? NaN);
      return fileName(step) === name ? [{ path: join(this.path, name), step }] : [];
    }).sort((a, b) => a.step - b.step);
  }

  /**
   * The newest good checkpoint's file: damaged ones are passed over. Undefined where there is none.
   * Reads the whole file.
   */
  latest(): string | undefined {
    return this.list().reverse().find(({ path }) => isGood(path))?.path;
  }

  /** The best checkpoint's file; undefined where there is none, whatever the options. */
  best(): string | undefined {
    const path = join(this.path, bestName);
    return existsSync(path) ? path : undefined;
  }

  /**
   * Saves a checkpoint under its step, and as the best where its score is the best so far; then
   * removes older ones and what killed processes left. Makes the folder. See `saveCheckpoint`.
   *
   * @returns the checkpoint's file
   * @throws {QorusError} as `saveCheckpoint`; `invalid_file` when the best checkpoint so far is
   * damaged, so that its score is not known.
   */
  save(parts: CheckpointParts, progress: CheckpointProgress): string {
    try {
      mkdirSync(this.path, { recursive: true });
    } catch (error) {
      throw systemError(this.path, "make the folder", error);
    }
    removeStaleFiles(this.path);
    // The best comes first: a run that is killed in between goes on from before, comes to this
    // step again and leaves the same files.
    if (this.#isBest(progress.score)) {
      saveCheckpoint(join(this.path, bestName), parts, progress);
      this.#bestScore = progress.score;
    }
    const path = join(this.path, fileName(progress.step));
    saveCheckpoint(path, parts, progress);
    this.#removeOld(path);
    return path;
  }

  #isBest(score: number | undefined): boolean {
    if (this.#mode === undefined || score === undefined || Number.isNaN(score)) return false;
    if (!this.#knowsBestScore) this.#bestScore = this.#readBestScore();
    this.#knowsBestScore = true;
    const best = this.#bestScore;
    if (best === undefined || Number.isNaN(best)) return true;
    return this.#mode === "min" ? score < best : score > best;
  }

  #readBestScore(): number | undefined {
    const path = this.best();
    if (path === undefined) return undefined;
    try {
      return verifyCheckpoint(path).score;
    } catch (error) {
      throw withHint(error, path, "Delete it: the next checkpoint with a score then is the best.");
    }
  }

  /** Removes checkpoints but for the newest, never the one that was just saved. */
  #removeOld(saved: string): void {
    for (const { path } of this.list().slice(0, -this.#keep)) {
      if (path === saved) continue;
      try {
        rmSync(path, { force: true });
      } catch (error) {
        throw systemError(path, "remove the old checkpoint", error);
      }
    }
  }

  /**
   * Loads the newest checkpoint into the parts, and removes what killed processes left.
   *
   * @returns where the run stood; undefined where there is no checkpoint yet
   * @throws {QorusError} as `loadCheckpoint`. Where the newest one is damaged, the error names it
   * and the newest good one, and nothing is changed.
   */
  resume(parts: CheckpointParts): CheckpointProgress | undefined {
    const entries = this.list();
    if (existsSync(this.path)) removeStaleFiles(this.path);
    const newest = entries.pop();
    if (newest === undefined) return undefined;
    try {
      return loadCheckpoint(newest.path, parts);
    } catch (error) {
      const isDamaged = error instanceof QorusError && error.code === "invalid_file";
      if (!isDamaged) throw error;
      const good = entries.reverse().find(({ path }) => isGood(path))?.path;
      const hint = good === undefined
        ? "There is no good checkpoint before it: delete it to begin anew."
        : `The newest good checkpoint is ${good}: delete the damaged one to go on from there, or ` +
          "load that path with loadCheckpoint.";
      throw withHint(error, newest.path, hint, good);
    }
  }
}

function fileName(step: number): string {
  return `step-${String(step).padStart(stepDigits, "0")}.safetensors`;
}

function isGood(path: string): boolean {
  try {
    verifyCheckpoint(path);
    return true;
  } catch (error) {
    if (error instanceof QorusError && error.code === "invalid_file") return false;
    throw error;
  }
}

function optionError(field: string, given: unknown, expected: string): QorusError {
  return new QorusError(
    "invalid_argument",
    `CheckpointFolder: ${field} is ${given}, expected ${expected}`,
    { op: "CheckpointFolder", field, given, expected },
  );
}

/** An error with what to do about it. */
function withHint(cause: unknown, path: string, hint: string, expected?: string): unknown {
  if (!(cause instanceof QorusError)) return cause;
  const { code, message, field, given } = cause;
  return new QorusError(code, `${message.replace(/\.$/, "")}. ${hint}`, {
    path,
    field,
    given,
    expected,
    cause,
  });
}
