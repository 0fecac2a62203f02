/**
 * What a checkpoint holds.
 *
 * @module
 */

import type { Tensor } from "../../core/tensor.ts";
import type { Module } from "../../nn/module.ts";
import type { OptimizerState } from "../../optim/state_dict.ts";
import type { DataState } from "../batches.ts";

/** Numbers, texts and lists of them: what JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | {
  readonly [name: string]: Json;
};

/** Something whose state can be taken and given back. */
export interface Stateful<State> {
  /** What a later run needs to go on. */
  stateDict(): State;
  /** Goes on from a state; throws where it does not fit, and then stays as it was. */
  loadStateDict(state: State): void;
}

/** The parts of a run that a checkpoint saves and brings back. */
export interface CheckpointParts {
  /** Parameters and buffers. */
  readonly model: Module<unknown>;
  /** Its options, steps and tensors. */
  readonly optimizer?: Stateful<OptimizerState>;
  /** The learning rate's schedule. */
  readonly schedule?: Stateful<Readonly<Record<string, number | readonly number[]>>>;
  /** Position in the data. */
  readonly data?: Stateful<DataState>;
  /** Other parts by name, whose state is JSON: early stopping, meters, what a program likes. */
  readonly others?: Readonly<Record<string, Stateful<Json>>>;
  /** Other tensors by name, such as averaged weights; loading writes into them. */
  readonly tensors?: ReadonlyMap<string, Tensor>;
}

/** Where a run stands. */
export interface CheckpointProgress {
  /** Optimizer steps taken. */
  readonly step: number;
  /** Epochs that were finished. */
  readonly epoch: number;
  /** The validation's number by which the best checkpoint is chosen, if there is one. */
  readonly score?: number;
}
