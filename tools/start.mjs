/**
 * Sets a clone up and runs the command line: `npm start`, `bun start`, `deno task start`.
 *
 *   npm start -- "Once upon a time" --max-tokens 100
 *   npm start -- chat --model model.gguf
 *
 * @module
 */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { commandArguments } from "./support/command_arguments.mjs";
import { bunPath, root } from "./support/paths.mjs";
import { setUp } from "./support/set_up.mjs";

/** The runtime that started this file, or the pinned Bun when that was Node. */
function runtime() {
  if (process.versions.deno !== undefined) return [process.execPath, "run", "-A"];
  if (process.versions.bun !== undefined) return [process.execPath];
  const bun = bunPath();
  if (bun !== undefined) return [bun];
  console.error(`There is no Bun for ${process.platform}-${process.arch} in node_modules.`);
  process.exit(1);
}

setUp();
const [executable, ...options] = runtime();
const main = join(root, "lib", "cli", "main.ts");
const child = spawn(executable, [...options, main, ...commandArguments(process.argv.slice(2))], {
  stdio: "inherit",
});
child.on("error", (error) => {
  console.error(`${executable} cannot be run: ${error.message}`);
  process.exit(1);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the child as well.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("exit", (code, signal) => {
  process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
});
