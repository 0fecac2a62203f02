/**
 * Runs examples as processes of their own.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert } from "@std/assert";
import { type CommandResult, runProgram } from "./command_line.ts";

/** Options of tests that run examples: each takes a second or two, and more on a busy machine. */
export const patience = { timeout: 120_000 };

/** Runs an example with these arguments. */
export function runExample(name: string, ...given: readonly string[]): Promise<CommandResult> {
  return runProgram(pathOf(name, "main.ts"), given);
}

/** What an example's README says that it prints: its first block of `text`. */
export function outputInReadme(name: string): string {
  const block = /```text\n(.*?)```/s.exec(readFileSync(pathOf(name, "README.md"), "utf8"));
  assert(block !== null, `the README of ${name} has a block of text`);
  return block[1];
}

function pathOf(name: string, file: string): string {
  return fileURLToPath(new URL(`../../examples/${name}/${file}`, import.meta.url));
}
