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
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recipes } from "../../examples/tiny-llama/recipe.ts";
import { type Arguments, type OptionDefinitions, UsageError } from "../../lib/cli/arguments.ts";
import { QorusError } from "../../lib/native/error.ts";
import { configure, type Precision } from "../../mod.ts";
import { readWords, runProgram } from "../../tools/support/program.ts";
import { thisMachine } from "../support/machine.ts";
import { requirePython } from "../support/python.ts";
import {
  countVerdicts,
  judge,
  summaryLine,
  targetText,
  type Verdict,
  verdictText,
} from "../support/verdicts.ts";
import { trainQorus, type Validation } from "./qorus.ts";

const options = {
  steps: { kind: "integer", least: 10, help: "updates of the weights (default: 1000)" },
  precision: { kind: "text", help: "f32, bf16, separated by commas (default: f32)" },
  threads: {
    kind: "integer",
    least: 1,
    most: availableParallelism(),
    help: "threads of each (default: 1)",
  },
  python: { kind: "text", help: "the Python that has PyTorch and safetensors (default: python3)" },
  json: { kind: "flag", help: "print JSON: all losses, differences, targets, verdicts" },
} as const satisfies OptionDefinitions;

/** Largest difference of the last losses, in per cent. */
const mostDifference = 2;

/** The losses of both sides with one precision. */
interface Result {
  readonly precision: Precision;
  readonly qorus: readonly Validation[];
  readonly pytorch: readonly Validation[];
}

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

/** The relative difference of two losses in per cent. */
function difference(ours: Validation, theirs: Validation): number {
  return 100 * Math.abs(ours.loss / theirs.loss - 1);
}

/** Whether the last losses differ by no more than they may. */
function verdictOf({ precision, qorus, pytorch }: Result): Verdict[] {
  const last = qorus.length - 1;
  const value = difference(qorus[last], pytorch[last]);
  return judge(`${precision} loss difference`, value, { most: mostDifference, unit: "%" });
}

function printLosses(result: Result): void {
  const { precision, qorus, pytorch } = result;
  console.log(`${precision}\nstep      Qorus   PyTorch   difference`);
  for (const [i, { step, loss }] of qorus.entries()) {
    const [ours, theirs] = [loss, pytorch[i].loss].map((value) => value.toFixed(5).padStart(8));
    const share = `${difference(qorus[i], pytorch[i]).toFixed(3)} %`;
    console.log(`${String(step).padEnd(6)} ${ours}  ${theirs}   ${share}`);
  }
  const verdict = verdictOf(result);
  console.log(`${targetText(verdict)}: ${verdictText(verdict)}`);
}

async function main(
  { options: values, positionals }: Arguments<typeof options>,
): Promise<number> {
  if (positionals.length === 0) throw new UsageError("expected a text file to train on");
  const { steps = recipes.small.steps, threads = 1, python = "python3", json = false } = values;
  const precisions = readWords("--precision", values.precision, ["f32", "bf16"], ["f32"]);
  requirePython(python, ["torch", "safetensors", "numpy"]);
  const warmupSteps = Math.ceil(steps / 10);
  const recipe = { ...recipes.small, steps, warmupSteps, validateEverySteps: Math.ceil(steps / 5) };
  configure({ threads });
  const folder = mkdtempSync(join(tmpdir(), "qorus-quality-"));
  try {
    const results: Result[] = [];
    for (const precision of precisions) {
      const qorus = await trainQorus(positionals[0], recipe, folder, precision);
      const pytorch = trainPyTorch(python, folder, threads, precision);
      const result = { precision, qorus, pytorch };
      results.push(result);
      if (!json) printLosses(result);
    }
    const all = results.flatMap(verdictOf);
    const verdicts = countVerdicts(all);
    if (json) console.log(JSON.stringify({ machine: thisMachine(), verdicts, results }, null, 2));
    else console.log(summaryLine(all));
    return verdicts.reached === verdicts.targets ? 0 : 1;
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
