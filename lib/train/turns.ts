/**
 * Turns of the event loop for everything else while training goes on.
 *
 * @module
 */

import { nextTurn } from "../core/turn.ts";

/** Signals and timers get their turn this often: a turn costs as much as a step of a tiny model. */
const turnMilliseconds = 10;

/** Says when the next turn is due. */
export class Turns {
  #last = performance.now();

  /** Lets signals, timers and other work run, where that is due. */
  async take(): Promise<void> {
    if (performance.now() - this.#last < turnMilliseconds) return;
    await nextTurn();
    this.#last = performance.now();
  }
}
