/**
 * What schedules of the learning rate have in common.
 *
 * @module
 */

import { unexpected } from "../../core/arguments.ts";
import { QorusError } from "../../native/error.ts";

/** What a schedule changes: every optimizer has it. */
export interface Schedulable {
  /** Groups of parameters with their options. */
  readonly groups: readonly { readonly options: { lr: number } }[];
}

/** What a schedule's `stateDict` gives: numbers only, to be kept as JSON. */
export type SchedulerState = Readonly<Record<string, number | readonly number[]>>;

/** The learning rate of a group after `count` steps, given the one that it began with. */
export type LearningRateRule = (base: number, count: number, group: number) => number;

/**
 * Sets the learning rates of an optimizer's groups as steps go by. It computes each from the
 * group's first one, so that a run that goes on from a checkpoint has the same.
 *
 * @example
 * ```ts
 * import { nn, optim } from "@qorus/qorus";
 *
 * using layer = new nn.Linear(8, 2);
 * using optimizer = new optim.AdamW(layer.parameters(), { lr: 1e-3 });
 * const schedule = new optim.StepLR(optimizer, { stepSize: 30 });
 * for (let epoch = 0; epoch < 100; epoch++) {
 *   // ... train for an epoch, then:
 *   schedule.step();
 * }
 * ```
 */
export abstract class Scheduler {
  readonly #optimizer: Schedulable;
  readonly #rule: LearningRateRule;
  #baseLearningRates: readonly number[];
  #lastEpoch = 0;

  /**
   * Sets the learning rates of step 0.
   *
   * @throws {QorusError} `invalid_argument` when it is given no optimizer.
   */
  constructor(optimizer: Schedulable, rule: LearningRateRule) {
    if (!Array.isArray(optimizer?.groups)) {
      throw unexpected(optimizer, "an optimizer", "optimizer", new.target.name);
    }
    this.#optimizer = optimizer;
    this.#rule = rule;
    this.#baseLearningRates = optimizer.groups.map(({ options }) => options.lr);
    this.apply(0);
  }

  /** Steps taken. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }

  /** The groups' learning rates. */
  get learningRates(): number[] {
    return this.#optimizer.groups.map(({ options }) => options.lr);
  }

  /** Goes on by one step: an epoch or a batch, as the schedule counts them. */
  step(): void {
    this.apply(this.#lastEpoch + 1);
    this.#lastEpoch++;
  }

  /** Sets what belongs to step `count`. */
  protected apply(count: number): void {
    for (const [i, { options }] of this.#optimizer.groups.entries()) {
      options.lr = this.#rule(this.#baseLearningRates[i], count, i);
    }
  }

  /** What a later run needs to go on. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.#lastEpoch, baseLearningRates: [...this.#baseLearningRates] };
  }

  /**
   * Goes on from a state, and sets the learning rates that belong to it.
   *
   * @throws {QorusError} `invalid_argument` when the state is of another number of groups.
   */
  loadStateDict(state: SchedulerState): void {
    const count = numberOf(state, "lastEpoch");
    const bases = numbersOf(state, "baseLearningRates", this.#optimizer.groups.length);
    this.#baseLearningRates = bases;
    this.#lastEpoch = count;
    this.apply(count);
  }
}

/** A number of a state. */
export function numberOf(state: SchedulerState, field: string): number {
  const value = state[field];
  if (typeof value === "number") return value;
  throw invalidState(field, value, "a number");
}

/** A list of `count` numbers of a state. */
export function numbersOf(state: SchedulerState, field: string, count: number): number[] {
  const value = state[field];
  if (Array.isArray(value) && value.length === count) return [...value];
  throw invalidState(field, value, `${count} numbers, one for each group`);
}

function invalidState(field: string, given: unknown, expected: string): QorusError {
  return new QorusError(
    "invalid_argument",
    `loadStateDict: ${field} is ${JSON.stringify(given)}, expected ${expected}`,
    { op: "loadStateDict", field, given, expected },
  );
}

/** Throws unless an option is at least `lowest`, and whole where that is asked. */
export function checkNumber(
  schedule: string,
  field: string,
  value: number,
  lowest: number,
  whole = false,
): void {
  if (value >= lowest && value < Infinity && (!whole || Number.isInteger(value))) return;
  const expected = `${whole ? "a whole number" : "a number"} of at least ${lowest}`;
  throw new QorusError(
    "invalid_argument",
    `${schedule}: ${field} is ${value}, expected ${expected}`,
    { op: schedule, field, given: value, expected },
  );
}

/** The option's value for each group: one for all, or a list. */
export function perGroup(
  schedule: string,
  field: string,
  value: number | readonly number[],
  { groups }: Schedulable,
): readonly number[] {
  if (typeof value === "number") return groups.map(() => value);
  if (value.length === groups.length) return value;
  throw new QorusError(
    "invalid_argument",
    `${schedule}: ${value.length} values of ${field} for ${groups.length} groups`,
    { op: schedule, field, given: value.length, expected: groups.length },
  );
}
