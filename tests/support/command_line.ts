/**
 * Runs the command line and other programs as processes of their own, under the runtime that runs
 * the tests.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
const runtimeArguments = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];

/** How a process ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What surrounds a process. */
export interface CommandOptions {
  /** What it reads from a pipe that then ends, or `open`: a pipe that stays silent. Default: "". */
  readonly input?: string | { readonly open: true };
  /** Sends SIGINT, as Ctrl-C does, once stderr matches. */
  readonly interruptAt?: RegExp;
  /** Variables besides those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs `qorus` with these arguments. */
export function runCommandLine(
  given: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return runProgram(main, given, options);
}

/** Runs a TypeScript file with these arguments. */
export function runProgram(
  path: string,
  given: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...runtimeArguments, path, ...given], {
      env: { ...process.env, NO_COLOR: "1", ...options.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    let { interruptAt } = options;
    child.stdout.on("data", (chunk) => stdout += chunk);
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      if (!interruptAt?.test(stderr)) return;
      interruptAt = undefined;
      // child.kill() would make Deno report the signal instead of the exit code.
      process.kill(child.pid!, "SIGINT");
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    const { input = "" } = options;
    if (typeof input === "string") child.stdin.end(input);
  });
}
