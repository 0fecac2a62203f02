/**
 * Runs all tests: Zig's, and the TypeScript tests under Bun and Deno. The last line says how many
 * passed and failed.
 *
 *   npm test
 *   npm test -- --only bun,zig    some parts, by name
 *   npm test -- --checks          also formatting, types, documentation and packaging, as .ci/run
 *   npm test -- --verbose         what every part prints
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { setUp } from "./support/set_up.mjs";

/** Reads the arguments; prints what is wrong and ends the process with code 2. */
function readArguments() {
  try {
    return parseArgs({
      options: {
        only: { type: "string" },
        checks: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

const { only, checks, verbose } = readArguments();
// Leaving through exit() ends the part that runs as well.
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
setUp();
// These find the tools, which set-up may just have installed.
const { checkParts, testParts } = await import("./test/parts.mjs");
const { describeCounts, runPart } = await import("./test/run_part.mjs");

const all = [...testParts(), ...(checks || only !== undefined ? checkParts() : [])];
const names = only?.split(",");
const unknown = names?.find((name) => !all.some((part) => part.name === name));
if (unknown !== undefined) {
  console.error(`No part is named ${unknown}: ${all.map((part) => part.name).join(", ")}`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const part of all) {
  if (names !== undefined && !names.includes(part.name)) continue;
  const counts = await runPart(part, verbose);
  for (const key of Object.keys(total)) total[key] += counts[key];
}
console.log(describeCounts(total));
process.exit(total.failed > 0 ? 1 : 0);
