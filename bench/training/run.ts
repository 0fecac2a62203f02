/**
 * Measures training steps of Qorus beside PyTorch's: the same networks, batches, precision and
 * threads, in turns.
 *
 *   bun bench/training/run.ts --python /tmp/venv/bin/python
 *   deno run -A bench/training/run.ts --workloads mlp,cnn --threads 1 --precision bf16 --json
 *
 * @module
 */

import type { Arguments, OptionDefinitions } from "../../lib/cli/arguments.ts";
import { readThreadCounts, readWords, runProgram } from "../../tools/support/program.ts";
import { machineLine, thisMachine } from "../support/machine.ts";
import { requirePython } from "../support/python.ts";
import { countVerdicts } from "../support/verdicts.ts";
import { pytorchVariants } from "./contender.ts";
import { measure, type Plan } from "./measure.ts";
import { networks } from "./networks.ts";
import { judged, printProfile, printTable, type Result, verdictsOf } from "./results.ts";

const options = {
  workloads: {
    kind: "text",
    help: `${Object.keys(networks).join(", ")}, separated by commas (default: all)`,
  },
  precision: { kind: "text", help: "f32, bf16, separated by commas (default: both)" },
  peers: { kind: "text", help: "of eager, tuned and compile, by commas, or none (default: all)" },
  threads: { kind: "text", help: "thread counts, separated by commas (default: 1,2)" },
  repeat: { kind: "integer", least: 1, most: 1000, help: "turns of each (default: 5)" },
  milliseconds: { kind: "integer", least: 1, help: "a turn's length, about (default: 1000)" },
  quick: { kind: "flag", help: "3 turns of 300 ms beside eager and tuned, unless given" },
  python: { kind: "text", help: "the Python that has PyTorch (default: python3)" },
  profile: { kind: "flag", help: "print where Qorus's time goes" },
  json: { kind: "flag", help: "print JSON: every turn, ratios, targets, verdicts" },
} as const satisfies OptionDefinitions;

async function main({ options: values }: Arguments<typeof options>): Promise<void> {
  const { quick = false, python = "python3", profile = false } = values;
  const { repeat = quick ? 3 : 5, milliseconds = quick ? 300 : 1000 } = values;
  const workloads = readWords("--workloads", values.workloads, Object.keys(networks));
  const precisions = readWords("--precision", values.precision, ["f32", "bf16"]);
  const usual = quick ? (["eager", "tuned"] as const) : pytorchVariants;
  const peers = values.peers === "none"
    ? []
    : readWords("--peers", values.peers, pytorchVariants, usual);
  const threads = readThreadCounts(values.threads);
  if (peers.length > 0) requirePython(python, ["torch"]);
  const plan: Plan = { repeat, milliseconds, python, peers, profile };
  const results: Result[] = [];
  for (const workload of workloads) {
    for (const count of threads) {
      for (const precision of precisions) {
        console.error(`${workload}, ${count} threads, ${precision}`);
        results.push(await measure({ workload, threads: count, precision }, plan));
      }
    }
  }
  const machine = thisMachine();
  if (values.json) {
    const verdicts = countVerdicts(verdictsOf(results));
    const all = results.map(judged);
    console.log(JSON.stringify({ machine, repeat, verdicts, results: all }, null, 2));
    return;
  }
  printTable(results, machineLine(machine, repeat));
  if (profile) { for (const result of results) printProfile(result); }
}

await runProgram({
  name: "bun bench/training/run.ts",
  summary: "Measures training steps beside PyTorch.",
  options,
  examples: [
    "bun bench/training/run.ts --python /tmp/venv/bin/python",
    "bun bench/training/run.ts --python /tmp/venv/bin/python --quick --workloads mlp,cnn",
    "bun bench/training/run.ts --workloads lstm --threads 1 --profile --peers none",
  ],
}, main);
