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
import process from "node:process";
import { type OptionDefinitions, readArguments, UsageError } from "../../lib/cli/arguments.ts";
import { QorusError } from "../../lib/native/error.ts";
import { pytorchVariants } from "./contender.ts";
import { measure, type Plan } from "./measure.ts";
import { networks } from "./networks.ts";
import { printProfile, printTable, type Result } from "./results.ts";

const options = {
  workloads: { kind: "text", help: "names, separated by commas (default: all)" },
  precision: { kind: "text", help: "f32, bf16 or both, separated by commas (default: both)" },
  peers: { kind: "text", help: "of eager, tuned and compile, or none (default: all)" },
  threads: { kind: "text", help: "thread counts, separated by commas (default: 1,2)" },
  repeat: { kind: "integer", least: 1, most: 1000, help: "turns of each (default: 5)" },
  milliseconds: { kind: "integer", least: 1, help: "a turn's length, about (default: 1000)" },
  python: { kind: "text", help: "the Python that has PyTorch (default: python3)" },
  profile: { kind: "flag", help: "print where Qorus's time goes" },
  json: { kind: "flag", help: "print JSON" },
} as const satisfies OptionDefinitions;

function readList<T>(text: string, read: (item: string) => T | undefined, what: string): T[] {
  return text.split(",").map((item) => {
    const value = read(item);
    if (value !== undefined) return value;
    throw new UsageError(`${JSON.stringify(item)} is given, expected ${what}`);
  });
}

function readNames<T extends string>(text: string | undefined, known: readonly T[]): T[] {
  const find = (item: string) => known.find((name) => name === item);
  return text === undefined ? [...known] : readList(text, find, known.join(", "));
}

function threadCount(text: string): number | undefined {
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 && count <= 256 ? count : undefined;
}

async function main(given: readonly string[]): Promise<void> {
  const { options: values } = readArguments(given, options, 0);
  const { repeat = 5, milliseconds = 1000, python = "python3", profile = false } = values;
  const workloads = readNames(values.workloads, Object.keys(networks));
  const precisions = readNames(values.precision, ["f32", "bf16"]);
  const peers = values.peers === "none" ? [] : readNames(values.peers, pytorchVariants);
  const threads = readList(values.threads ?? "1,2", threadCount, "numbers such as 1,2");
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
  if (values.json) return console.log(JSON.stringify({ machine, repeat, results }, null, 2));
  printTable(results, `${machine.processors} x ${machine.processor}, ${repeat} turns each`);
  if (profile) { for (const result of results) printProfile(result); }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof QorusError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
