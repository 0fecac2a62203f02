/**
 * Trains the same small Llama with Qorus and with PyTorch, from the same weights on the same
 * batches, and compares their validation losses.
 *
 *   bun bench/training_quality/run.ts TEXT_FILE --python /tmp/venv/bin/python
 *   deno run -A bench/training_quality/run.ts TEXT_FILE --steps 300 --precision f32,bf16
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recipes } from "../../examples/tiny-llama/recipe.ts";
import { type Arguments, type OptionDefinitions, UsageError } from "../../lib/cli/arguments.ts";
import { QorusError } from "../../lib/native/error.ts";
import { configure, type Precision } from "../../mod.ts";
import { readWords, runProgram } from "../../tools/support/program.ts";
import { requirePython } from "../support/python.ts";
import { trainQorus, type Validation } from "./qorus.ts";

const options = {
  steps: { kind: "integer", least: 10, help: "updates of the weights (default: 1000)" },
  precision: { kind: "text", help: "f32, bf16 or both, separated by commas (default: f32)" },
  threads: { kind: "integer", least: 1, most: 256, help: "threads of each (default: 1)" },
  python: { kind: "text", help: "the Python that has PyTorch and safetensors (default: python3)" },
} as const satisfies OptionDefinitions;

/** Largest difference of the last losses that is no failure. */
const bound = 0.02;

function trainPyTorch(
  python: string,
  folder: string,
  threads: number,
  precision: Precision,
): Validation[] {
  const script = fileURLToPath(new URL("pytorch.py", import.meta.url));
  const { status, stdout, error } = spawnSync(python, [script, folder, `${threads}`, precision], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) {
    throw new QorusError("io", `${python}: ${error?.message ?? `ended with ${status}`}`);
  }
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

/** Prints both sides' losses; gives the relative difference of the last ones. */
function printLosses(qorus: readonly Validation[], pytorch: readonly Validation[]): number {
  let difference = Infinity;
  for (const [i, { step, loss }] of qorus.entries()) {
    difference = Math.abs(loss / pytorch[i].loss - 1);
    const [ours, theirs] = [loss, pytorch[i].loss].map((value) => value.toFixed(5).padStart(8));
    const share = `${(100 * difference).toFixed(3)} %`;
    console.log(`${String(step).padEnd(6)} ${ours}  ${theirs}   ${share}`);
  }
  return difference;
}

async function main(
  { options: values, positionals }: Arguments<typeof options>,
): Promise<number> {
  if (positionals.length === 0) throw new UsageError("expected a text file to train on");
  const { steps = recipes.small.steps, threads = 1, python = "python3" } = values;
  const precisions = readWords("--precision", values.precision, ["f32", "bf16"], ["f32"]);
  requirePython(python, ["torch", "safetensors", "numpy"]);
  const warmupSteps = Math.ceil(steps / 10);
  const recipe = { ...recipes.small, steps, warmupSteps, validateEverySteps: Math.ceil(steps / 5) };
  configure({ threads });
  const folder = mkdtempSync(join(tmpdir(), "qorus-quality-"));
  try {
    let largest = 0;
    for (const precision of precisions) {
      const qorus = await trainQorus(positionals[0], recipe, folder, precision);
      const pytorch = trainPyTorch(python, folder, threads, precision);
      console.log(`${precision}\nstep      Qorus   PyTorch   difference`);
      largest = Math.max(largest, printLosses(qorus, pytorch));
    }
    return largest <= bound ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await runProgram({
  name: "bun bench/training_quality/run.ts",
  summary: "Trains a small Llama beside PyTorch and compares validation losses.",
  parameters: "TEXT_FILE",
  most: 1,
  options,
  examples: ["bun bench/training_quality/run.ts book.txt --python /tmp/venv/bin/python"],
}, main);
