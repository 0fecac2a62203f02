/**
 * Folders that examples write to.
 *
 * @module
 */

import { mkdirSync } from "node:fs";
import { QorusError } from "@qorus/qorus";

/**
 * Makes a folder, with those around it, unless it is there.
 *
 * @throws {QorusError} `io` where the system refuses.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    const problem = (cause as Error).message;
    throw new QorusError("io", `${path}: the folder cannot be made: ${problem}`, { path, cause });
  }
}
