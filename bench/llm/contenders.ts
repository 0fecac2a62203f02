/**
 * Both contenders with the same model, measured in turns.
 *
 * @module
 */

import { loadavg } from "node:os";
import {
  ContenderProcess,
  type Kernels,
  type Loaded,
  type LoadFields,
  type Times,
} from "./contender_process.ts";

/** What a contender did. */
export interface Measured extends Loaded {
  /** Of every turn. */
  readonly times: readonly Times[];
}

/** What both did in the same turns. */
export interface Pair {
  readonly qorus: Measured;
  readonly llamaCpp: Measured;
  /** Processes that wanted to run when this was about to be measured, our own among them. */
  readonly loadAverage: number;
}

/** Something to measure. */
export type Phase = (it: ContenderProcess) => Promise<Times>;

/** Two processes that opened the same file. */
export class Contenders implements Disposable {
  readonly #qorus: ContenderProcess;
  readonly #llamaCpp: ContenderProcess;
  #loaded: readonly Loaded[] = [];

  /** Starts both; with kernels of their own choice unless told otherwise. */
  constructor(kernels: Kernels = {}) {
    this.#qorus = new ContenderProcess("qorus", kernels);
    this.#llamaCpp = new ContenderProcess("llama.cpp", kernels);
  }

  get #both(): [ContenderProcess, ContenderProcess] {
    return [this.#qorus, this.#llamaCpp];
  }

  /** Opens a model in both. */
  async load(fields: LoadFields): Promise<void> {
    this.#loaded = [
      await this.#qorus.load(fields),
      await this.#llamaCpp.load(fields),
    ];
  }

  /** Does something in both that is not measured. */
  async prepare(
    act: (it: ContenderProcess) => Promise<unknown>,
  ): Promise<void> {
    for (const it of this.#both) await act(it);
  }

  /**
   * Measures phases, each of both contenders right after each other; who is first changes every
   * turn.
   */
  async alternate(repeat: number, phases: readonly Phase[]): Promise<Pair[]> {
    const loadAverage = loadavg()[0];
    const times = phases.map((): [Times[], Times[]] => [[], []]);
    for (let turn = 0; turn < repeat; turn++) {
      const order = turn % 2 === 0 ? [0, 1] : [1, 0];
      for (const [i, phase] of phases.entries()) {
        for (const which of order) {
          times[i][which].push(await phase(this.#both[which]));
        }
      }
    }
    const [qorus, llamaCpp] = this.#loaded;
    return times.map(([ours, theirs]) => ({
      qorus: { ...qorus, times: ours },
      llamaCpp: { ...llamaCpp, times: theirs },
      loadAverage,
    }));
  }

  /** Ends both processes. */
  [Symbol.dispose](): void {
    for (const it of this.#both) it[Symbol.dispose]();
  }
}
