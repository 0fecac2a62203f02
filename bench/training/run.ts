/**
 * Measures training steps of Qorus beside PyTorch's: the same networks, batches and threads, in
 * turns.
 *
 *   bun bench/training/run.ts --python /tmp/venv/bin/python
 *   deno run -A bench/training/run.ts --workloads mlp,cnn --threads 1 --repeat 7 --json
 *
 * @module
 */

import { cpus, loadavg } from "node:os";
import process from "node:process";
import { type OptionDefinitions, readArguments, UsageError } from "../../lib/cli/arguments.ts";
import { QorusError } from "../../lib/native/error.ts";
import { Contender, type Loaded, type Measured } from "./contender.ts";
import type { OpTime } from "./op_times.ts";
import { printProfile, printTable, type Result } from "./results.ts";

const options = {
  workloads: { kind: "text", help: "names, separated by commas (default: all)" },
  threads: { kind: "text", help: "thread counts, separated by commas (default: 1,2)" },
  repeat: { kind: "integer", least: 1, most: 1000, help: "turns of each (default: 5)" },
  milliseconds: { kind: "integer", least: 1, help: "a turn's length, about (default: 1000)" },
  python: { kind: "text", help: "the Python that has PyTorch (default: python3)" },
  profile: { kind: "flag", help: "print where Qorus's time goes" },
  json: { kind: "flag", help: "print JSON" },
} as const satisfies OptionDefinitions;

const allWorkloads = ["mlp", "cnn", "lstm", "transformer"];

interface Plan {
  readonly repeat: number;
  readonly milliseconds: number;
  readonly python: string;
  readonly profile: boolean;
}

async function measure(workload: string, threads: number, plan: Plan): Promise<Result> {
  using qorus = Contender.qorus();
  using pytorch = Contender.pytorch(plan.python);
  const loaded: [Loaded, Loaded] = [
    await qorus.load(workload, threads),
    await pytorch.load(workload, threads),
  ];
  if (loaded[0].parameters !== loaded[1].parameters) {
    const counts = loaded.map(({ parameters }) => parameters).join(" and ");
    throw new QorusError("internal", `${workload}: the networks differ: ${counts} parameters`);
  }
  // Touches memory and wakes threads; then says how many steps a turn takes.
  for (const it of [qorus, pytorch]) await it.steps(2);
  const trial = await pytorch.steps(2);
  const count = Math.max(1, Math.round(2 * plan.milliseconds / trial.milliseconds));
  const loadAverage = loadavg()[0];
  const turns: { qorus: Measured[]; pytorch: Measured[] } = { qorus: [], pytorch: [] };
  for (let turn = 0; turn < plan.repeat; turn++) {
    const both = [["qorus", qorus], ["pytorch", pytorch]] as const;
    for (const [key, it] of turn % 2 === 0 ? both : both.toReversed()) {
      turns[key].push(await it.steps(count));
    }
  }
  const profile: OpTime[] = plan.profile ? await qorus.profile(count) : [];
  return {
    workload,
    threads,
    steps: count,
    qorus: { ...loaded[0], turns: turns.qorus },
    pytorch: { ...loaded[1], turns: turns.pytorch },
    loadAverage,
    profile,
  };
}

function readList<T>(text: string, read: (item: string) => T | undefined, what: string): T[] {
  return text.split(",").map((item) => {
    const value = read(item);
    if (value !== undefined) return value;
    throw new UsageError(`${JSON.stringify(item)} is given, expected ${what}`);
  });
}

function threadCount(text: string): number | undefined {
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 && count <= 256 ? count : undefined;
}

async function main(given: readonly string[]): Promise<void> {
  const { options: values } = readArguments(given, options, 0);
  const { repeat = 5, milliseconds = 1000, python = "python3", profile = false } = values;
  const known = (name: string) => allWorkloads.includes(name) ? name : undefined;
  const names = readList(values.workloads ?? allWorkloads.join(), known, allWorkloads.join(", "));
  const threads = readList(values.threads ?? "1,2", threadCount, "numbers such as 1,2");
  const results: Result[] = [];
  for (const workload of names) {
    for (const count of threads) {
      console.error(`${workload}, ${count} threads`);
      results.push(await measure(workload, count, { repeat, milliseconds, python, profile }));
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
