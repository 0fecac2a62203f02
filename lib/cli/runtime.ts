/**
 * @module
 */

import process from "node:process";

/** Name and version of the runtime. */
export function runtimeName(): string {
  const { deno, bun } = process.versions as { deno?: string; bun?: string };
  return deno === undefined ? `bun ${bun}` : `deno ${deno}`;
}
