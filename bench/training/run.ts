/**
 * Measures training steps of Qorus beside PyTorch's: the same networks, batches, precision and
 * threads, in turns.
 *
 *   bun bench/training/run.ts --python /tmp/venv/bin/python
 *   deno run -A bench/training/run.ts --workloads mlp,cnn --threads 1 --precision bf16 --json
 *
 * @module
 */

import { cpus } from "node:os";
import type { Arguments, OptionDefinitions } from "../../lib/cli/arguments.ts";
import { readThreadCounts, readWords, runProgram } from "../../tools/support/program.ts";
import { requirePython } from "../support/python.ts";
import { pytorchVariants } from "./contender.ts";
import { measure, type Plan } from "./measure.ts";
import { networks } from "./networks.ts";
import { judged, printProfile, printTable, type Result } from "./results.ts";

const options = {
  workloads: {
    kind: "text",
    help: `${Object.keys(networks).join(", ")}, separated by commas (default: all)`,
  },
  precision: { kind: "text", help: "f32, bf16 or both, separated by commas (default: both)" },
  peers: { kind: "text", help: "of eager, tuned and compile, or none (default: all)" },
  threads: { kind: "text", help: "thread counts, separated by commas (default: 1,2)" },
  repeat: { kind: "integer", least: 1, most: 1000, help: "turns of each (default: 5)" },
  milliseconds: { kind: "integer", least: 1, help: "a turn's length, about (default: 1000)" },
  python: { kind: "text", help: "the Python that has PyTorch (default: python3)" },
  profile: { kind: "flag", help: "print where Qorus's time goes" },
  json: { kind: "flag", help: "print JSON" },
} as const satisfies OptionDefinitions;

async function main({ options: values }: Arguments<typeof options>): Promise<void> {
  const { repeat = 5, milliseconds = 1000, python = "python3", profile = false } = values;
  const workloads = readWords("--workloads", values.workloads, Object.keys(networks));
  const precisions = readWords("--precision", values.precision, ["f32", "bf16"]);
  const peers = values.peers === "none" ? [] : readWords("--peers", values.peers, pytorchVariants);
  const threads = readThreadCounts(values.threads ?? "1,2");
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
  const machine = { processor: cpus()[0].model, processors: cpus().length };
  if (values.json) {
    console.log(JSON.stringify({ machine, repeat, results: results.map(judged) }, null, 2));
    return;
  }
  printTable(results, `${machine.processors} x ${machine.processor}, ${repeat} turns each`);
  if (profile) { for (const result of results) printProfile(result); }
}

await runProgram({
  name: "bun bench/training/run.ts",
  summary: "Measures training steps beside PyTorch.",
  options,
  examples: [
    "bun bench/training/run.ts --python /tmp/venv/bin/python",
    "bun bench/training/run.ts --workloads lstm --threads 1 --profile --peers none",
  ],
}, main);
