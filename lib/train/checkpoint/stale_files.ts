/**
 * Removing what killed processes left while they wrote checkpoints.
 *
 * @module
 */

import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { systemError } from "../../formats/file_error.ts";

/** Temporary names of checkpoints, as `AtomicFile` makes them; the group is the process. */
const partialName = /^\.(?:step-\d{8,16}|best)\.safetensors\.(\d+)-\d+-[a-z0-9]*\.partial$/;

/** Nobody writes one checkpoint for longer: the process of that number is another one by then. */
const longestWritingMilliseconds = 3600_000;

/**
 * Removes unfinished checkpoints of processes that are no more.
 *
 * One of this process's number was left by an earlier process, as saving is never interrupted by
 * itself. One of a process that lives is kept for an hour.
 *
 * @throws {QorusError} `io` or `permission` where the folder cannot be read or a file not removed.
 */
export function removeStaleFiles(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const found = partialName.exec(name);
      if (found === null) continue;
      const path = join(folder, name);
      if (isStale(Number(found[1]), path)) rmSync(path, { force: true });
    }
  } catch (error) {
    throw systemError(folder, "remove unfinished checkpoints", error);
  }
}

function isStale(processId: number, path: string): boolean {
  if (processId === process.pid || !isRunning(processId)) return true;
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - written > longestWritingMilliseconds;
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Only this means that there is none; a process of another user, or one that the runtime does
    // not let us ask about, may be running.
    return (error as { code?: unknown } | null)?.code !== "ESRCH";
  }
}
