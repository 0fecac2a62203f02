/**
 * Saving all of a run in one file, and going on from it.
 *
 * @module
 */

import type { Tensor } from "../../core/tensor.ts";
import { CheckpointFile, writeCheckpointFile } from "./file.ts";
import { loadParts } from "./load_parts.ts";
import { readState, saveState } from "./saved_state.ts";
import type { CheckpointParts, CheckpointProgress } from "./state.ts";

/** Options of {@linkcode loadCheckpoint}. */
export interface LoadCheckpointOptions {
  /**
   * Load the given parts only and leave the random generator alone, as for the weights of a run
   * that is over. Default: false, what the checkpoint has and what is given must be the same.
   */
  readonly partial?: boolean;
}

/**
 * Writes a checkpoint: one safetensors file with the tensors `model.*`, `optimizer.*` and
 * `tensors.*`, which PyTorch reads too; all else, the state of the random generator among it, is
 * JSON in the file's metadata. Numbers come back exactly, NaN, infinities and -0 as well.
 *
 * The file appears under its name when it is whole and flushed to the disk: a process that is
 * killed before leaves what was there, and perhaps a hidden file that ends in `.partial` (a
 * `CheckpointFolder` removes those). Whether "flushed" outlasts a loss of power is the disk's to
 * keep; the folder's entry is flushed where the system allows it.
 *
 * It is written from the tensors' own memory in one go, without giving way to other work, so that
 * it holds one moment of the run. Gradients are no part of it: save between steps, not while they
 * are being summed over batches.
 *
 * @param path ends in `.safetensors` by custom; its folder must be there
 * @throws {QorusError} `invalid_argument` when a part's state is not JSON, `unsupported` for
 * quantized tensors, `not_found` when the folder is missing, `io`.
 *
 * @example
 * ```ts
 * import { nn, optim, train } from "@qorus/qorus";
 *
 * using model = new nn.Linear(8, 2);
 * using optimizer = new optim.AdamW(model.namedParameters(), { lr: 1e-3 });
 * train.saveCheckpoint("run.safetensors", { model, optimizer }, { step: 100, epoch: 1 });
 * const { step } = train.loadCheckpoint("run.safetensors", { model, optimizer }); // 100
 * ```
 */
export function saveCheckpoint(
  path: string,
  parts: CheckpointParts,
  progress: CheckpointProgress,
): void {
  const { model, tensors } = parts;
  // Tensors that were not used yet are made here: their initial values are drawn before the
  // generator's state is taken.
  const named = prefixed("model.", model.stateDict());
  const optimizer = parts.optimizer?.stateDict();
  if (optimizer !== undefined) named.push(...prefixed("optimizer.", optimizer.tensors));
  if (tensors !== undefined) named.push(...prefixed("tensors.", tensors));
  writeCheckpointFile(path, saveState(parts, progress, optimizer), new Map(named));
}

function prefixed(prefix: string, tensors: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return [...tensors].map(([name, tensor]) => [prefix + name, tensor]);
}

/**
 * Loads a checkpoint: the run goes on as it would have from the moment that was saved, bit for bit.
 * Build the parts as the saved run did; options of optimizer and schedule come from the checkpoint
 * where their state dicts have them, and what they have not (the shape of a schedule, a loss)
 * cannot be compared.
 *
 * The whole file is compared with its checksum, and its contents with the parts, before any part
 * is changed: when it throws, all parts and the random generator are as before. Meanwhile it takes
 * as much memory as the file's tensors. Parameters in mapped model files cannot be written: they
 * are fine when the checkpoint has the same values.
 *
 * @returns where the run stood
 * @throws {QorusError} `not_found`, `io`; `invalid_file` when the file is damaged or no checkpoint,
 * `unsupported` when it is of a later version, `invalid_argument` or `invalid_shape` when it is
 * of another model, optimizer or schedule, or has other parts, naming what differs.
 *
 * @example
 * ```ts
 * import { nn, train } from "@qorus/qorus";
 *
 * using model = new nn.Linear(8, 2);
 * train.saveCheckpoint("run.safetensors", { model }, { step: 0, epoch: 0, score: 0.5 });
 * // Only the weights, of whatever else the checkpoint has:
 * train.loadCheckpoint("run.safetensors", { model }, { partial: true });
 * ```
 */
export function loadCheckpoint(
  path: string,
  parts: CheckpointParts,
  options: LoadCheckpointOptions = {},
): CheckpointProgress {
  using file = CheckpointFile.open(path);
  const state = readState(file.header.metadata, path);
  loadParts(file, state, parts, options.partial ?? false);
  return state.progress;
}

/**
 * Compares all of a checkpoint with its checksum; changes nothing.
 *
 * @returns where the run stood
 * @throws {QorusError} as {@linkcode loadCheckpoint} for files that are not good checkpoints.
 */
export function verifyCheckpoint(path: string): CheckpointProgress {
  using file = CheckpointFile.open(path);
  return readState(file.header.metadata, path).progress;
}
