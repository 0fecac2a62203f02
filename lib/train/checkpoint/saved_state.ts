/**
 * What a checkpoint holds besides tensors: one JSON text in its metadata.
 *
 * @module
 */

import { Random, type RandomState, randomState } from "../../core/random.ts";
import { invalidFile } from "../../formats/file_error.ts";
import { isObject } from "../../formats/text.ts";
import { QorusError } from "../../native/error.ts";
import type { OptimizerState } from "../../optim/state_dict.ts";
import { exactParse, exactStringify } from "./exact_json.ts";
import type { CheckpointParts, CheckpointProgress, Json } from "./state.ts";

/** Member of the metadata that has the text. */
const stateMember = "qorus.state";

/** The state of an optimizer without its tensors. */
export type SavedOptimizer = Omit<OptimizerState, "tensors">;

/** A schedule's state with the name of its class. */
export interface SavedSchedule {
  readonly kind: string;
  readonly state: Readonly<Record<string, number | readonly number[]>>;
}

/** All but the tensors. */
export interface SavedState {
  readonly progress: CheckpointProgress;
  readonly random: RandomState;
  readonly optimizer?: SavedOptimizer;
  readonly schedule?: SavedSchedule;
  readonly data?: Readonly<Record<string, number>>;
  readonly others: Readonly<Record<string, Json>>;
  /** Whether there are tensors besides those of model and optimizer. */
  readonly hasTensors: boolean;
}

/** Name of a schedule's class, by which a checkpoint knows it. */
export function kindOf(schedule: object): string {
  return schedule.constructor?.name ?? "object";
}

/** The metadata for the parts as they are now; throws `invalid_argument` for what is no JSON. */
export function saveState(
  parts: CheckpointParts,
  progress: CheckpointProgress,
  optimizerState: OptimizerState | undefined,
): Record<string, string> {
  for (const field of ["step", "epoch"] as const) {
    if (isCount(progress[field])) continue;
    throw new QorusError(
      "invalid_argument",
      `saveCheckpoint: progress.${field} is ${progress[field]}, expected a whole number from 0`,
      { op: "saveCheckpoint", field, given: progress[field] },
    );
  }
  const { schedule, data, others = {}, tensors } = parts;
  const state = {
    progress,
    random: randomState(),
    optimizer: optimizerState && { ...optimizerState, tensors: undefined },
    schedule: schedule && { kind: kindOf(schedule), state: schedule.stateDict() },
    data: data?.stateDict(),
    others: Object.fromEntries(
      Object.entries(others).map(([name, part]) => [name, part.stateDict()]),
    ),
    hasTensors: tensors !== undefined,
  };
  return { [stateMember]: exactStringify(state, "state") };
}

/** Reads what `saveState` made; throws `invalid_file` naming the member that is not right. */
export function readState(metadata: ReadonlyMap<string, string>, path: string): SavedState {
  let state: unknown;
  try {
    state = exactParse(metadata.get(stateMember) ?? "");
  } catch (cause) {
    throw invalidFile(path, stateMember, "is not JSON of a checkpoint", { cause });
  }
  const check = (field: string, isRight: boolean, expected: string): void => {
    if (!isRight) throw invalidFile(path, `${stateMember} ${field}`, "is not right", { expected });
  };
  check("", isObject(state), "an object");
  const members = state as Readonly<Record<string, unknown>>;
  const { progress, random, optimizer, schedule, data, others, hasTensors } = members;
  check("progress", isProgress(progress), "step, epoch and perhaps a score");
  check("random", isRandomState(random), "the state of a generator");
  check("optimizer", optimizer === undefined || isOptimizer(optimizer), "groups and steps");
  check("schedule", schedule === undefined || isSchedule(schedule), "kind and state");
  check("data", data === undefined || isObject(data), "an object");
  check("others", isObject(others), "an object");
  check("hasTensors", typeof hasTensors === "boolean", "true or false");
  return members as unknown as SavedState;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isProgress(value: unknown): boolean {
  return isObject(value) && isCount(value.step) && isCount(value.epoch) &&
    (value.score === undefined || typeof value.score === "number");
}

function isRandomState(value: unknown): boolean {
  try {
    new Random(0).restore(value as RandomState);
    return true;
  } catch {
    return false;
  }
}

function isOptimizer(value: unknown): boolean {
  if (!isObject(value) || typeof value.optimizer !== "string") return false;
  const { groups, steps } = value;
  const areGroups = Array.isArray(groups) &&
    groups.every((group) =>
      isObject(group) && isObject(group.options) && Array.isArray(group.parameters) &&
      group.parameters.every((name) => typeof name === "string")
    );
  return areGroups && isObject(steps) && Object.values(steps).every(isCount);
}

function isSchedule(value: unknown): boolean {
  return isObject(value) && typeof value.kind === "string" && isObject(value.state);
}
