/**
 * Measures operations of Qorus beside PyTorch's and NumPy's, in turns.
 *
 *   bun bench/ops/run.ts --python /tmp/venv/bin/python
 *   deno run -A bench/ops/run.ts --only products,gelu --threads 1 --repeat 7 --json
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { type Arguments, type OptionDefinitions, UsageError } from "../../lib/cli/arguments.ts";
import { readThreadCounts, runProgram } from "../../tools/support/program.ts";
import { requirePython } from "../support/python.ts";
import { type Case, choose, groups } from "./cases.ts";
import { Contender } from "./contender.ts";
import { type Bandwidth, judged, printTables, type Result, type Timed } from "./results.ts";

const options = {
  only: { kind: "text", help: `groups (${groups.join(", ")}) or parts of names, by commas` },
  threads: { kind: "text", help: "thread counts, separated by commas (default: 1,2)" },
  repeat: { kind: "integer", least: 1, most: 1000, help: "turns of each (default: 5)" },
  milliseconds: { kind: "integer", least: 1, help: "a turn's length, about (default: 60)" },
  python: { kind: "text", help: "the Python with PyTorch and NumPy (default: python3)" },
  json: { kind: "flag", help: "print JSON" },
} as const satisfies OptionDefinitions;

interface Plan {
  readonly repeat: number;
  readonly milliseconds: number;
}

/** One way of one contender, with the times of its turns. */
interface Way extends Timed {
  readonly contender: Contender;
  readonly microseconds: number[];
}

async function measure(
  item: Case,
  threads: number,
  contenders: readonly Contender[],
  { repeat, milliseconds }: Plan,
): Promise<Result> {
  const ways: Way[] = [];
  for (const contender of contenders) {
    for (const way of await contender.prepare(item, threads)) {
      ways.push({ way, contender, microseconds: [] });
    }
  }
  // Touches memory, wakes threads, lets the runtimes compile.
  for (const { contender, way } of ways) await contender.measure(way, milliseconds);
  for (let turn = 0; turn < repeat; turn++) {
    for (const it of turn % 2 === 0 ? ways : ways.toReversed()) {
      it.microseconds.push((await it.contender.measure(it.way, milliseconds)).microseconds);
    }
  }
  const [qorus, ...others] = ways.map(({ way, microseconds }) => ({ way, microseconds }));
  return { item, threads, qorus, others };
}

/** Measures all cases with one number of threads. */
async function measureAll(
  items: readonly Case[],
  threads: number,
  python: string,
  plan: Plan,
): Promise<{ results: Result[]; names: string[] }> {
  using qorus = Contender.qorus();
  using ready = Contender.readyPyTorch(python);
  using fresh = Contender.freshPyTorch(python);
  using numpy = Contender.numpy(python, threads);
  const names: string[] = [];
  for (const it of [qorus, ready, numpy]) {
    const { name, kernels, runtime } = await it.describe();
    names.push(`${name} (${kernels}, ${runtime})`);
  }
  const results: Result[] = [];
  for (const item of items) {
    console.error(`${item.name}, ${threads} threads`);
    const all = item.group === "products" ? [qorus, ready, numpy] : [qorus, ready, fresh];
    results.push(await measure(item, threads, all, plan));
  }
  return { results, names };
}

/** What the memory gives, by the benchmark of the kernels. */
function measureBandwidth(): Bandwidth {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const given = ["zig", "build", "bench-roofline", "--", "--json"];
  const output = execFileSync("npx", given, { cwd: root, encoding: "utf8" });
  const roofs = JSON.parse(output) as { threads: number; median_gigabytes_per_second: number }[];
  return new Map(roofs.map((roof) => [roof.threads, roof.median_gigabytes_per_second]));
}

async function main({ options: values }: Arguments<typeof options>): Promise<void> {
  const { repeat = 5, milliseconds = 60, python = "python3" } = values;
  const items = choose(values.only?.split(",") ?? []);
  if (items.length === 0) {
    const expected = `expected groups (${groups.join(", ")}) or parts of names such as gelu`;
    throw new UsageError(`--only: ${JSON.stringify(values.only)} is given, ${expected}`);
  }
  const threadCounts = readThreadCounts(values.threads ?? "1,2");
  requirePython(python, ["torch", "numpy"]);
  const bandwidth: Bandwidth = items.some(({ bytes }) => bytes !== undefined)
    ? measureBandwidth()
    : new Map();
  const results: Result[] = [];
  let names: string[] = [];
  for (const threads of threadCounts) {
    const measured = await measureAll(items, threads, python, { repeat, milliseconds });
    results.push(...measured.results);
    names = measured.names;
  }
  const machine = {
    processor: cpus()[0].model,
    processors: cpus().length,
    loadAverage: loadavg()[0],
    gigabytesPerSecond: Object.fromEntries(bandwidth),
  };
  if (values.json) {
    const all = results.map((result) => judged(result, bandwidth));
    console.log(JSON.stringify({ machine, names, repeat, results: all }, null, 2));
    return;
  }
  console.log(`${machine.processors} x ${machine.processor}, ${repeat} turns each`);
  console.log(names.join("\n"));
  printTables(results, bandwidth);
}

await runProgram({
  name: "bun bench/ops/run.ts",
  summary: "Measures operations beside PyTorch and NumPy.",
  options,
  examples: [
    "bun bench/ops/run.ts --python /tmp/venv/bin/python --only products --threads 1",
    "bun bench/ops/run.ts --python /tmp/venv/bin/python --only gelu,softmax --json",
  ],
}, main);
