/**
 * Putting a checkpoint's contents into the parts of a run, all or nothing.
 *
 * @module
 */

import { setRandomState } from "../../core/random.ts";
import { StateArena } from "../../core/state.ts";
import type { Tensor } from "../../core/tensor.ts";
import { usableTensor } from "../../formats/stored_tensor.ts";
import { QorusError } from "../../native/error.ts";
import {
  checkEqual,
  checkPresence,
  checkTargets,
  misfit,
  moduleTarget,
  type Target,
  tensorTarget,
} from "./compare.ts";
import type { CheckpointFile } from "./file.ts";
import type { SavedState } from "./saved_state.ts";
import type { CheckpointParts, Stateful } from "./state.ts";

const optimizerPrefix = "optimizer.";

/**
 * Loads the parts; throws before anything is changed where something does not fit.
 *
 * @param partial parts of the checkpoint that are not given, and its generator, are left out
 */
export function loadParts(
  file: CheckpointFile,
  state: SavedState,
  parts: CheckpointParts,
  partial: boolean,
): void {
  const { path } = file.header;
  checkPresence(path, state, parts, partial);
  const targets = new Map<string, Target>();
  const { model, optimizer, tensors } = parts;
  for (const [name, tensor] of [...model.namedParameters(), ...model.namedBuffers()]) {
    targets.set(`model.${name}`, moduleTarget(tensor));
  }
  for (const [name, tensor] of tensors ?? []) targets.set(`tensors.${name}`, tensorTarget(tensor));
  checkTargets(path, "model", targets, file.header);
  if (tensors !== undefined) checkTargets(path, "tensors", targets, file.header);
  const names = [...file.header.tensors.keys()].filter((name) =>
    targets.has(name) || (optimizer !== undefined && name.startsWith("optimizer."))
  );
  using arena = new StateArena(arenaBytes(names, file));
  const loaded = new Map(names.map((name) => [name, readTensor(name, file, arena)]));
  for (const [name, target] of targets) {
    if (target.isReadOnly) checkEqual(path, name, target.tensor(), loaded.get(name)!);
  }
  loadStates(path, state, parts, loaded);
  for (const [name, target] of targets) {
    if (!target.isReadOnly) target.copyFrom(loaded.get(name)!);
  }
  if (!partial) setRandomState(state.random);
}

function arenaBytes(names: readonly string[], { header }: CheckpointFile): number {
  return names.reduce(
    (sum, name) => sum + Math.ceil(header.tensors.get(name)!.byteLength / 64) * 64,
    64,
  );
}

function readTensor(name: string, file: CheckpointFile, arena: StateArena): Tensor {
  const { shape, dtype } = usableTensor(file.header.tensors.get(name)!);
  const made = arena.empty(shape, dtype);
  file.readInto(name, made);
  return made;
}

/** A part that is about to get a state, with the way back. */
interface Replacement {
  readonly name: string;
  load(): void;
  undo(): void;
}

function replacement<State>(name: string, part: Stateful<State>, state: State): Replacement {
  const before = part.stateDict();
  return {
    name,
    load: () => part.loadStateDict(state),
    undo: () => part.loadStateDict(before),
  };
}

/** Gives the parts their states; when one refuses, those before it get back what they had. */
function loadStates(
  path: string,
  state: SavedState,
  { optimizer, schedule, data, others = {} }: CheckpointParts,
  loaded: ReadonlyMap<string, Tensor>,
): void {
  const replacements = Object.entries(others).map(([name, part]) =>
    replacement(`others.${name}`, part, state.others[name])
  );
  if (data !== undefined) replacements.push(replacement("data", data, state.data!));
  if (schedule !== undefined) {
    replacements.push(replacement("schedule", schedule, state.schedule!.state));
  }
  // The optimizer comes last: it checks all before it changes anything, and its learning rates are
  // those that were saved, whatever the schedule sets.
  if (optimizer !== undefined) {
    const tensors = [...loaded].filter(([name]) => name.startsWith(optimizerPrefix))
      .map(([name, tensor]): [string, Tensor] => [name.slice(optimizerPrefix.length), tensor]);
    const saved = { ...state.optimizer!, tensors: new Map(tensors) };
    replacements.push(replacement("optimizer", optimizer, saved));
  }
  for (const [i, { name, load }] of replacements.entries()) {
    try {
      load();
    } catch (cause) {
      // What refuses a state stays as it was; the schedule has changed the optimizer's options.
      const touched = replacements.filter(({ name }, k) => k < i || name === "optimizer");
      for (const { undo } of touched) undo();
      const code = cause instanceof QorusError ? cause.code : undefined;
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw misfit(path, name, problem, "Make it as the saved run did.", { code, cause });
    }
  }
}
