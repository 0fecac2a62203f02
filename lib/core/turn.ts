/**
 * Letting signals and timers have their turn between pieces of long work.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** Resolves in the next turn of the event loop, after signals and timers. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Long loops give timers, signals and other work their turn this often, in milliseconds. */
export const turnMilliseconds = 8;
