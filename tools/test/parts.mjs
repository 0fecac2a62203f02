/**
 * The parts of a test run: what is started, and how its tests are counted.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { bunPath, denoPath, root, zigPath } from "../support/paths.mjs";
import { bunCounts, denoCounts, zigCounts } from "./summaries.mjs";

/**
 * @typedef {object} Part
 * @property {string} name for `--only`
 * @property {string} title what it does, for people
 * @property {string[]} command executable and arguments
 * @property {Record<string, string>} [environment] variables besides those of this process
 * @property {(text: string) => import("./summaries.mjs").Counts | undefined} [counts] reads the
 *   runner's summary; without it the part counts as one test
 * @property {string} [skip] why it cannot be run on this machine
 */

/** Starts one of the tools, under the runtime that runs this. */
const runTool = process.versions.deno === undefined
  ? [process.execPath]
  : [process.execPath, "run", "-A"];
const zig = zigPath();
const missing = "is not installed for this system";
const bun = bunPath() ?? `bun ${missing}`;
const deno = denoPath() ?? `deno ${missing}`;

/** Folders whose tests compute: they are run for every instruction set. */
const computing = ["./tests/native/", "./tests/models/", "./tests/golden/"];

/** Bun's own limit of 5 s per test is short for a machine that is busy; in milliseconds. */
const bunTest = [bun, "test", "--timeout", "60000"];

/** Instruction sets of this architecture, as QORUS_ISA names them. */
const isas = process.arch === "arm64"
  ? ["baseline", "dotprod"]
  : ["baseline", "v3", "v4", "v4_bf16"];

/** The processor's refusal of an instruction set; undefined when it can run it. */
function refusal(isa) {
  const main = join(root, "lib", "cli", "main.ts");
  const { status, stderr } = spawnSync(bun, [main, "info", "--json"], {
    cwd: root,
    env: { ...process.env, QORUS_ISA: isa },
    encoding: "utf8",
  });
  return status !== 0 && stderr.includes("this processor cannot run") ? stderr.trim() : undefined;
}

function isaPart(isa) {
  return {
    name: `bun-${isa}`,
    title: `Inference under Bun with QORUS_ISA=${isa}`,
    command: [...bunTest, ...computing],
    environment: { QORUS_ISA: isa },
    counts: bunCounts,
    skip: refusal(isa),
  };
}

/** @returns {Part[]} all tests */
export function testParts() {
  return [
    {
      name: "generated",
      title: "Generated files are current",
      command: [...runTool, join(root, "tools", "generate_abi.mjs"), "--check"],
    },
    {
      name: "zig",
      title: "Zig",
      command: [zig, "build", "test", "--summary", "all"],
      counts: zigCounts,
    },
    {
      name: "zig-safe",
      title: "Zig with safety checks",
      command: [zig, "build", "test", "--summary", "all", "-Doptimize=ReleaseSafe"],
      counts: zigCounts,
    },
    {
      name: "bun",
      title: "TypeScript under Bun",
      command: [...bunTest, "./tests/"],
      counts: bunCounts,
    },
    {
      name: "deno",
      title: "TypeScript under Deno",
      command: [deno, "test", "-A", "--no-check", "tests/"],
      counts: denoCounts,
    },
    ...isas.map(isaPart),
    {
      name: "bun-one-thread",
      title: "Inference under Bun with QORUS_THREADS=1",
      command: [...bunTest, ...computing],
      environment: { QORUS_THREADS: "1" },
      counts: bunCounts,
    },
  ];
}

/** @returns {Part[]} what is checked besides: formatting, types, documentation, packaging */
export function checkParts() {
  const checks = [
    ["format", "Formatting of TypeScript", [deno, "fmt", "--check"]],
    ["format-zig", "Formatting of Zig", [zig, "fmt", "--check", "zig", "build.zig"]],
    ["lint", "Lint", [deno, "lint"]],
    // bench/llm needs packages of its own, which a clone does not have.
    ["types", "Types", [deno, "check", "mod.ts", "lib", "tests", "tools", "examples"]],
    ["publish", "The package for JSR", [deno, "publish", "--dry-run", "--allow-dirty"]],
    ["documentation", "Documentation", [
      deno,
      "doc",
      "--lint",
      "mod.ts",
      "lib/nn/mod.ts",
      "lib/optim/mod.ts",
      "lib/train/mod.ts",
      "lib/cli/main.ts",
    ]],
  ];
  return checks.map(([name, title, command]) => ({ name, title, command }));
}
