/**
 * Runs one part of the tests.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { root } from "../support/paths.mjs";
import { withoutColors } from "./summaries.mjs";

const mostMilliseconds = 10 * 60_000;

/** Lines about what is well: a failed part is printed without them. */
const goodLine = /^\(pass\) |^.* \.\.\. ok \(|^Check /;

function withoutGoodLines(output) {
  return output.split("\n").filter((line) => !goodLine.test(line)).join("\n");
}

/** Runs a command and returns its exit code and everything it printed. */
function run([executable, ...list], environment) {
  return new Promise((resolve) => {
    const child = spawn(executable, list, {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stop = () => child.kill("SIGKILL");
    process.once("exit", stop);
    const chunks = [];
    const limit = setTimeout(() => {
      chunks.push(Buffer.from(`\nStopped after ${mostMilliseconds / 60_000} minutes.\n`));
      stop();
    }, mostMilliseconds);
    const end = (status, text) => {
      clearTimeout(limit);
      process.off("exit", stop);
      resolve({ status, output: withoutColors(Buffer.concat(chunks).toString() + text) });
    };
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    child.on("error", (error) => end(1, `${executable} cannot be run: ${error.message}\n`));
    child.on("close", (status, signal) => {
      if (signal === null) end(status, "");
      else end(1, `\n${executable} was ended by ${signal}.\n`);
    });
  });
}

/** Counts a part's tests; a runner that died or ran nothing has at least one failure. */
function count(part, status, output) {
  if (part.counts === undefined) {
    return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  }
  const counts = part.counts(output) ?? { passed: 0, failed: 0, skipped: 0 };
  const ranNothing = counts.passed + counts.failed + counts.skipped === 0;
  if (ranNothing || status !== 0) counts.failed = Math.max(counts.failed, 1);
  return counts;
}

/** One line that says how many tests passed, failed and were skipped. */
export function describeCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** Runs a part, printing what it does, how it ends and, when it fails or `verbose`, its output. */
export async function runPart(part, verbose) {
  process.stdout.write(`${part.title} ... `);
  if (part.skip !== undefined) {
    console.log(`skipped: ${part.skip}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const start = performance.now();
  const { status, output } = await run(part.command, part.environment);
  const counts = count(part, status, output);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${describeCounts(counts)} (${seconds} s)`);
  if (verbose) console.log(output);
  else if (counts.failed > 0) console.log(withoutGoodLines(output));
  return counts;
}
