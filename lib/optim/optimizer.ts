/**
 * What all optimizers have in common.
 *
 * @module
 */

import { checkOptions, unexpected } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { StateArena } from "../core/state.ts";
import { handleOf, type Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import {
  isGroups,
  type Learnable,
  type LearnableInput,
  namedLearnables,
  type ParameterGroup,
  type ParameterGroupInput,
} from "./parameter_group.ts";
import type { OptimizerOptions, Rule } from "./rule.ts";
import { loadOptimizerState, type OptimizerState, saveOptimizerState } from "./state_dict.ts";

// The table of zig/ops/optimizers.zig: parameter, gradient, three states, group.
const columnCount = 6;
const groupColumn = 5;
const optionSlots = 16;
const maxGroups = 32;

/** A parameter with what its optimizer keeps of it. */
export interface OptimizerEntry {
  readonly name: string;
  readonly parameter: Learnable;
  /** Steps that the parameter has taken. */
  stepCount: number;
  /** Tensors in state, in the order of the rule's names; none before the first step. */
  states: readonly Tensor[];
}

/** A group with its entries and the memory of their states. */
interface GroupState<Options extends OptimizerOptions> {
  readonly group: ParameterGroup<Required<Options>>;
  readonly entries: readonly OptimizerEntry[];
  readonly stateNames: readonly string[];
  arena: StateArena | undefined;
}

/**
 * Updates parameters by their gradients. Its own tensors are made at the first step and live until
 * it is disposed.
 *
 * @example
 * ```ts
 * import { crossEntropy, nn, optim, scope, tensor } from "@qorus/qorus";
 *
 * using layer = new nn.Linear(2, 3);
 * using optimizer = new optim.SGD(layer.parameters(), { lr: 0.1, momentum: 0.9 });
 * using step = scope();
 * optimizer.zeroGrad();
 * crossEntropy(layer.forward(tensor([[1, 2]])), tensor(new Int32Array([0]))).backward();
 * optimizer.step();
 * ```
 */
export abstract class Optimizer<Options extends OptimizerOptions = OptimizerOptions>
  implements Disposable {
  readonly #rule: Rule<Options>;
  readonly #defaults: Required<Options>;
  readonly #states: GroupState<Options>[] = [];
  #table: { arena: StateArena; tensor: Tensor; cells: Int32Array } | undefined;

  /**
   * Groups the parameters; nothing is allocated before the first step.
   *
   * @param parameters parameters to update, or groups of them with options of their own
   * @param options options of groups that have none of their own
   * @throws {QorusError} `invalid_argument` when there are no parameters, one belongs to two
   * groups, or an option is out of its range.
   */
  constructor(
    rule: Rule<Options>,
    parameters: Iterable<LearnableInput | ParameterGroupInput<Options>>,
    options: Partial<Options>,
  ) {
    this.#rule = rule;
    checkOptions(options, rule.name);
    this.#defaults = withDefaults(rule.defaults, options);
    if (typeof parameters?.[Symbol.iterator] !== "function") {
      throw unexpected(
        parameters,
        "parameters, as model.parameters() gives them",
        "parameters",
        rule.name,
      );
    }
    const items = [...parameters];
    if (items.length === 0) {
      throw new QorusError("invalid_argument", `${rule.name}: there are no parameters to update`, {
        op: rule.name,
        field: "parameters",
      });
    }
    if (isGroups<Options>(items)) {
      for (const group of items) this.addParameterGroup(group);
    } else {
      this.#addGroup(items as LearnableInput[], {});
    }
  }

  /** The groups; their options may be changed between steps. */
  get groups(): readonly ParameterGroup<Required<Options>>[] {
    return this.#states.map(({ group }) => group);
  }

  /** Learning rate of the first group; setting it sets that of all. */
  get learningRate(): number {
    return this.#states[0].group.options.lr;
  }

  set learningRate(value: number) {
    for (const { group } of this.#states) group.options.lr = value;
  }

  /**
   * Adds a group.
   *
   * @throws {QorusError} `invalid_argument` when a parameter belongs to another group, or an option
   * is out of its range.
   */
  addParameterGroup(input: ParameterGroupInput<Options>): void {
    const { parameters, ...given } = input;
    this.#addGroup(parameters, given as unknown as Partial<Options>);
  }

  #addGroup(inputs: Iterable<LearnableInput>, given: Partial<Options>): void {
    const options = withDefaults(this.#defaults, given);
    this.#rule.check(options);
    const known = new Map<string, Learnable>();
    for (const { entries } of this.#states) {
      for (const { name, parameter } of entries) known.set(name, parameter);
    }
    const parameters = namedLearnables(inputs, known);
    const entries = [...parameters].map(([name, parameter]): OptimizerEntry => ({
      name,
      parameter,
      stepCount: 0,
      states: [],
    }));
    const stateNames = this.#rule.stateNames(options);
    this.#states.push({ group: { parameters, options }, entries, stateNames, arena: undefined });
    this.#table?.arena[Symbol.dispose]();
    this.#table = undefined;
  }

  /**
   * Updates every parameter that has a gradient, in one native pass over all of them.
   *
   * @throws {QorusError} `invalid_dtype` unless parameters and gradients are f32, `aliasing` when
   * two parameters share memory, `invalid_argument` when an option is out of its range.
   */
  step(): void {
    const { cells } = this.#table ??= this.#makeTable();
    for (const state of this.#states) this.#prepare(state);
    const { floatParameters } = context();
    let row = 0;
    let groupCount = 0;
    for (const state of this.#states) {
      const { options } = state.group;
      // Parameters of a group have mostly taken equally many steps: one block of numbers.
      const blocks = new Map<number, number>();
      for (const entry of state.entries) {
        const at = columnCount * row++;
        cells[at] = 0;
        if (entry.parameter.grad === undefined) continue;
        const count = entry.stepCount + 1;
        let block = blocks.get(count);
        if (block === undefined) {
          if (groupCount === maxGroups) {
            this.#run(row - 1);
            blocks.clear();
            groupCount = 0;
          }
          block = groupCount++;
          blocks.set(count, block);
          floatParameters.set(this.#rule.numbers(options, count), block * optionSlots);
        }
        this.#fillRow(cells, at, entry, block);
      }
    }
    this.#run(row);
    for (const { entries } of this.#states) {
      for (const entry of entries) if (entry.parameter.grad !== undefined) entry.stepCount++;
    }
  }

  /** Runs the rows before `end` that have a parameter, and empties the table. */
  #run(end: number): void {
    const { tensor, cells } = this.#table!;
    const library = context();
    for (let at = columnCount * end; at < cells.length; at += columnCount) cells[at] = 0;
    const op = this.#rule.name;
    library.check(library.native.q_optimizer_step(this.#rule.code, handleOf(tensor, op)), op);
    cells.fill(0);
  }

  #fillRow(cells: Int32Array, at: number, entry: OptimizerEntry, block: number): void {
    const op = this.#rule.name;
    cells[at] = handleOf(entry.parameter.tensor, op);
    cells[at + 1] = handleOf(entry.parameter.grad!, op);
    for (const [i, tensor] of entry.states.entries()) cells[at + 2 + i] = tensor.handle;
    cells[at + groupColumn] = block;
  }

  /** Checks a group's options and makes the states that it lacks. */
  #prepare(state: GroupState<Options>): void {
    const { options } = state.group;
    this.#rule.check(options);
    const names = this.#rule.stateNames(options);
    if (names.join() !== state.stateNames.join()) {
      throw new QorusError(
        "invalid_argument",
        `${this.#rule.name}: options that decide which state there is cannot change: ` +
          `it was ${state.stateNames.join(", ") || "none"}, now ${names.join(", ") || "none"}`,
        { op: this.#rule.name, given: names, expected: state.stateNames },
      );
    }
    for (const entry of state.entries) {
      const isMissing = entry.states.length !== names.length;
      if (isMissing && entry.parameter.grad !== undefined) this.#makeStates(state, entry);
    }
  }

  #makeTable(): { arena: StateArena; tensor: Tensor; cells: Int32Array } {
    const rowCount = this.#states.reduce((sum, { entries }) => sum + entries.length, 0);
    const arena = new StateArena(Math.max(1, rowCount * columnCount * 4));
    const tensor = arena.empty([rowCount, columnCount], "i32").fill(0);
    return { arena, tensor, cells: tensor.data as Int32Array };
  }

  #makeStates(state: GroupState<Options>, entry: OptimizerEntry): void {
    state.arena ??= new StateArena(arenaBytes(state));
    const { arena } = state;
    entry.states = state.stateNames.map(() => arena.empty(entry.parameter.shape).fill(0));
  }

  /** Drops all gradients: the next `backward()` writes over their memory. */
  zeroGrad(): void {
    for (const { entries } of this.#states) {
      for (const { parameter } of entries) {
        if (parameter.grad !== undefined) parameter.tensor.zeroGrad();
      }
    }
  }

  /**
   * What a later run needs to go on: options and steps, and the tensors by name, such as
   * `0.weight.exp_avg`. The tensors are the optimizer's own, not copies.
   */
  stateDict(): OptimizerState {
    return saveOptimizerState(this.#rule.name, this.#states);
  }

  /**
   * Takes over what `stateDict` gave; tensors are copied. What it refuses leaves the optimizer as
   * it was.
   *
   * @throws {QorusError} `invalid_argument` when the state is of another optimizer or of other
   * parameters, `invalid_shape` when a tensor's shape differs.
   */
  loadStateDict(state: OptimizerState): void {
    loadOptimizerState(
      this.#rule.name,
      this.#states,
      state,
      (group, entry) => {
        const { stateNames } = this.#states[group];
        if (entry.states.length !== stateNames.length) this.#makeStates(this.#states[group], entry);
      },
      (options) => this.#rule.stateNames({ ...this.#defaults, ...options }),
    );
  }

  /** Gives the optimizer's tensors back; the parameters stay. */
  [Symbol.dispose](): void {
    for (const state of this.#states) {
      state.arena?.[Symbol.dispose]();
      state.arena = undefined;
      for (const entry of state.entries) entry.states = [];
    }
    this.#table?.arena[Symbol.dispose]();
    this.#table = undefined;
  }
}

/** Bytes of a group's states, each at a multiple of 64. */
function arenaBytes<Options extends OptimizerOptions>(state: GroupState<Options>): number {
  let total = 0;
  for (const { parameter } of state.entries) {
    const count = parameter.shape.reduce((product, size) => product * size, 1);
    total += state.stateNames.length * Math.ceil(count / 16) * 64;
  }
  return Math.max(1, total);
}

/** Options with those left out, or undefined, taken from `defaults`. */
function withDefaults<Options extends object>(
  defaults: Required<Options>,
  options: Partial<Options>,
): Required<Options> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}
