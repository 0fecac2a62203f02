/**
 * Comparing a checkpoint with the parts of a run, before anything is changed.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { DType } from "../../core/dtype.ts";
import { scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { SafetensorsFile } from "../../formats/safetensors.ts";
import type { StoredTensor } from "../../formats/types.ts";
import { QorusError, type QorusErrorCode } from "../../native/error.ts";
import type { ModuleTensor } from "../../nn/module_tensor.ts";
import { Parameter } from "../../nn/parameter.ts";
import { kindOf, type SavedState } from "./saved_state.ts";
import type { CheckpointParts } from "./state.ts";

/** Most differences that a message lists. */
const mostListed = 5;

/** The error for a checkpoint that is good, but not one of these parts. */
export function misfit(
  path: string,
  field: string,
  problem: string,
  hint: string,
  details: { code?: QorusErrorCode; cause?: unknown } = {},
): QorusError {
  const { code = "invalid_argument", cause } = details;
  return new QorusError(code, `${path}: ${field}: ${problem}. ${hint}`, { path, field, cause });
}

/** A tensor that is to be written over. */
export interface Target {
  readonly shape: readonly number[];
  /** Whether its memory cannot be written; that of a tensor that is not made yet can. */
  readonly isReadOnly: boolean;
  /** Its dtype, or the one it can be made with. */
  dtypeFor(stored: DType | undefined): DType;
  /** Its values. */
  tensor(): Tensor;
  /** Takes values of its dtype and shape. */
  copyFrom(source: Tensor): void;
}

/** Throws unless the checkpoint has the given parts, and no others unless `partial` is set. */
export function checkPresence(
  path: string,
  state: SavedState,
  { optimizer, schedule, data, others = {}, tensors }: CheckpointParts,
  partial: boolean,
): void {
  const saved = new Set(Object.keys(state.others).map((name) => `others.${name}`));
  const given = new Set(Object.keys(others).map((name) => `others.${name}`));
  const compared: [string, boolean, unknown][] = [
    ["optimizer", state.optimizer !== undefined, optimizer],
    ["schedule", state.schedule !== undefined, schedule],
    ["data", state.data !== undefined, data],
    ["tensors", state.hasTensors, tensors],
  ];
  for (const [name, isSaved, part] of compared) {
    if (isSaved) saved.add(name);
    if (part !== undefined) given.add(name);
  }
  const missing = [...given].filter((name) => !saved.has(name));
  const unwanted = partial ? [] : [...saved].filter((name) => !given.has(name));
  if (missing.length > 0) {
    throw misfit(
      path,
      missing.join(", "),
      "not in this checkpoint, which was saved without",
      "Leave it out of the parts, or take a checkpoint that has it.",
    );
  }
  if (unwanted.length > 0) {
    throw misfit(
      path,
      unwanted.join(", "),
      "in this checkpoint, but not among the parts to load",
      "Give it too, or load what is given alone with { partial: true }.",
    );
  }
  if (schedule === undefined || state.schedule?.kind === kindOf(schedule)) return;
  throw misfit(
    path,
    "schedule",
    `${state.schedule?.kind} in the checkpoint, ${kindOf(schedule)} here`,
    "Make the schedule as the saved run did.",
  );
}

/** A parameter or buffer as a target. */
export function moduleTarget(tensor: ModuleTensor): Target {
  return {
    shape: tensor.shape,
    isReadOnly: tensor.dtype !== undefined && tensor.tensor.isReadOnly,
    dtypeFor(stored) {
      // Initial values that are written over anyway are not computed: they draw random numbers.
      if (tensor.dtype === undefined && tensor instanceof Parameter && stored === "f32") {
        return stored;
      }
      return tensor.tensor.dtype;
    },
    tensor: () => tensor.tensor,
    copyFrom: (source) => tensor.copyFrom(source),
  };
}

/** A tensor as a target. */
export function tensorTarget(tensor: Tensor): Target {
  const { shape, isReadOnly, dtype } = tensor;
  return {
    shape,
    isReadOnly,
    dtypeFor: () => dtype,
    tensor: () => tensor,
    copyFrom: (source) => tensor.copyFrom(source),
  };
}

/** Throws unless the checkpoint has a part's tensors and no others, in their shapes and dtypes. */
export function checkTargets(
  path: string,
  part: "model" | "tensors",
  targets: ReadonlyMap<string, Target>,
  header: SafetensorsFile,
): void {
  const prefix = `${part}.`;
  const differences: string[] = [];
  for (const [name, stored] of header.tensors) {
    if (!name.startsWith(prefix)) continue;
    const short = name.slice(prefix.length);
    const target = targets.get(name);
    if (target === undefined) {
      differences.push(`${short} is in the checkpoint only`);
      continue;
    }
    const [there, here] = [describeStored(stored), describeTarget(target, stored)];
    if (there !== here) differences.push(`${short} is ${there} in the checkpoint, ${here} here`);
  }
  for (const name of targets.keys()) {
    if (!name.startsWith(prefix) || header.tensors.has(name)) continue;
    differences.push(`${name.slice(prefix.length)} is not in the checkpoint`);
  }
  if (differences.length === 0) return;
  const more = differences.length - mostListed;
  const list = differences.slice(0, mostListed).join("; ") + (more > 0 ? `; ${more} more` : "");
  throw misfit(
    path,
    part,
    `the checkpoint is of another one: ${list}`,
    "Build it as the saved run did, or begin in another folder.",
  );
}

function describeStored({ dtype, storedType, shape }: StoredTensor): string {
  return `${dtype ?? storedType} [${shape.join(", ")}]`;
}

function describeTarget(target: Target, { dtype, shape }: StoredTensor): string {
  // A tensor of another shape is not made for the sake of a message.
  const isShape = target.shape.join() === shape.join();
  const type = isShape ? target.dtypeFor(dtype) : dtype;
  return `${type} [${target.shape.join(", ")}]`;
}

/** Throws unless a tensor that cannot be written has the checkpoint's values already. */
export function checkEqual(path: string, name: string, target: Tensor, source: Tensor): void {
  using _ = scope();
  const [here, there] = [target, source].map((tensor) => {
    const { buffer, byteOffset, byteLength } = tensor.detach().contiguous().data;
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
  if (Buffer.compare(here, there) === 0) return;
  throw misfit(
    path,
    name,
    "has other values than in the checkpoint and lies in a mapped file, which cannot be written",
    "Load the model from the file that the saved run began with.",
  );
}
