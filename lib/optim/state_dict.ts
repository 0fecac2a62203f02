/**
 * States of optimizers, to be kept in checkpoints.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import type { OptimizerEntry } from "./optimizer.ts";

/** What an optimizer's `stateDict` gives; all but the tensors can be written as JSON. */
export interface OptimizerState {
  /** The optimizer's name, such as `AdamW`. */
  readonly optimizer: string;
  /** Options and names of parameters of each group. */
  readonly groups: readonly OptimizerGroupState[];
  /** Steps taken, by parameter. */
  readonly steps: Readonly<Record<string, number>>;
  /** The optimizer's tensors, f32, named `parameter.state`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** One group of an {@linkcode OptimizerState}. */
export interface OptimizerGroupState {
  /** Options by name. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Names of the parameters, in order. */
  readonly parameters: readonly string[];
}

/** A group of an optimizer, as far as its state goes. */
interface Group {
  readonly group: { readonly options: object };
  readonly entries: readonly OptimizerEntry[];
  readonly stateNames: readonly string[];
}

/** Collects the state of groups. */
export function saveOptimizerState(optimizer: string, groups: readonly Group[]): OptimizerState {
  const steps: Record<string, number> = {};
  const tensors = new Map<string, Tensor>();
  for (const { entries, stateNames } of groups) {
    for (const { name, stepCount, states } of entries) {
      steps[name] = stepCount;
      for (const [i, tensor] of states.entries()) tensors.set(`${name}.${stateNames[i]}`, tensor);
    }
  }
  return {
    optimizer,
    groups: groups.map(({ group, entries }) => ({
      options: structuredClone(group.options) as Record<string, unknown>,
      parameters: entries.map(({ name }) => name),
    })),
    steps,
    tensors,
  };
}

/**
 * Puts a state into groups after checking all of it.
 *
 * @param makeStates makes an entry's tensors unless they are there
 * @param stateNamesOf names of a parameter's tensors with the given options
 */
export function loadOptimizerState(
  optimizer: string,
  groups: readonly Group[],
  state: OptimizerState,
  makeStates: (group: number, entry: OptimizerEntry) => void,
  stateNamesOf: (options: Readonly<Record<string, unknown>>) => readonly string[],
): void {
  checkState(optimizer, groups, state);
  for (const [i, { stateNames }] of groups.entries()) {
    const names = stateNamesOf(state.groups[i].options);
    if (names.join() === stateNames.join()) continue;
    const list = (names: readonly string[]) => names.join(", ") || "no tensors";
    throw refusal(
      `the options of group ${i} ask for ${list(names)}; those given to the optimizer for ` +
        `${list(stateNames)}: make it with the options that the state has`,
    );
  }
  for (const [i, { group, entries, stateNames }] of groups.entries()) {
    Object.assign(group.options, structuredClone(state.groups[i].options));
    for (const entry of entries) {
      entry.stepCount = state.steps[entry.name] ?? 0;
      if (entry.stepCount === 0) {
        for (const tensor of entry.states) tensor.fill(0);
        continue;
      }
      makeStates(i, entry);
      for (const [k, tensor] of entry.states.entries()) {
        tensor.copyFrom(state.tensors.get(`${entry.name}.${stateNames[k]}`)!);
      }
    }
  }
}

function checkState(optimizer: string, groups: readonly Group[], state: OptimizerState): void {
  if (state.optimizer !== optimizer) {
    throw refusal(`the state of ${state.optimizer} was given to ${optimizer}`);
  }
  if (state.groups.length !== groups.length) {
    throw refusal(`${state.groups.length} groups of parameters, expected ${groups.length}`);
  }
  for (const [i, { entries, stateNames }] of groups.entries()) {
    const given = state.groups[i].parameters;
    if (given.length !== entries.length || entries.some(({ name }, k) => name !== given[k])) {
      const names = entries.map(({ name }) => name);
      throw refusal(`group ${i} has ${names.join(", ")}; the state is of ${given.join(", ")}`);
    }
    for (const entry of entries) {
      if (state.steps[entry.name] > 0) checkTensors(entry, stateNames, state.tensors);
    }
  }
}

function checkTensors(
  { name, parameter }: OptimizerEntry,
  stateNames: readonly string[],
  tensors: ReadonlyMap<string, Tensor>,
): void {
  for (const stateName of stateNames) {
    const key = `${name}.${stateName}`;
    const tensor = tensors.get(key);
    if (tensor === undefined) throw refusal(`${key} is missing`);
    if (tensor.dtype !== "f32") throw refusal(`${key} is ${tensor.dtype}, expected f32`);
    if (tensor.shape.join() === parameter.shape.join()) continue;
    throw new QorusError(
      "invalid_shape",
      `loadStateDict: ${key} is [${tensor.shape}], expected [${parameter.shape}]`,
      { op: "loadStateDict", field: key, given: tensor.shape, expected: parameter.shape },
    );
  }
}

function refusal(message: string): QorusError {
  return new QorusError("invalid_argument", `loadStateDict: ${message}`, { op: "loadStateDict" });
}
