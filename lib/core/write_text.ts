/**
 * Writes text to the process's standard streams.
 *
 * @module
 */

import { writeSync } from "node:fs";

const encoder = new TextEncoder();
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of a text to a descriptor, such as 2 for stderr; writing at once keeps text in order
 * and lets no one wait. Throws the system's error, `EPIPE` where the reader has gone.
 */
export function writeText(descriptor: number, text: string): void {
  let rest = encoder.encode(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EAGAIN") throw error;
      // A pipe that another process has set not to block is full: wait for its reader.
      Atomics.wait(sleeper, 0, 0, 2);
    }
  }
}
