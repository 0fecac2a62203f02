/**
 * The machine that a benchmark runs on.
 *
 * @module
 */

import { cpus } from "node:os";

/** What it calls itself. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
}

/** This machine. */
export function thisMachine(): Machine {
  return { processor: cpus()[0].model, processors: cpus().length };
}

/** One line about it, and about the turns of a run. */
export function machineLine({ processor, processors }: Machine, repeat: number): string {
  return `${processors} x ${processor}, ${repeat} turns each`;
}
