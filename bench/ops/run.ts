/**
 * Measures operations of Qorus beside PyTorch's and NumPy's, in turns.
 *
 *   bun bench/ops/run.ts --python /tmp/venv/bin/python
 *   deno run -A bench/ops/run.ts --only products,gelu --threads 1 --repeat 7 --json
 *
 * @module
 */

import type { Arguments, OptionDefinitions } from "../../lib/cli/arguments.ts";
import { readThreadCounts, runProgram } from "../../tools/support/program.ts";
import { machineLine, thisMachine } from "../support/machine.ts";
import { requirePython } from "../support/python.ts";
import { countVerdicts } from "../support/verdicts.ts";
import { choose, groups } from "./cases.ts";
import { measureAll } from "./measure.ts";
import { judged, type Result, verdictsOf } from "./results.ts";
import { printTables } from "./tables.ts";

const options = {
  only: {
    kind: "text",
    help: `groups (${groups.join(", ")}) or parts of names, by commas (default: all)`,
  },
  threads: { kind: "text", help: "thread counts, separated by commas (default: 1,2)" },
  repeat: { kind: "integer", least: 1, most: 1000, help: "turns of each (default: 5)" },
  milliseconds: { kind: "integer", least: 1, help: "a turn's length, about (default: 60)" },
  quick: { kind: "flag", help: "3 turns of 20 ms, unless given" },
  python: { kind: "text", help: "the Python with PyTorch and NumPy (default: python3)" },
  json: { kind: "flag", help: "print JSON: every turn, ratios, targets, verdicts" },
} as const satisfies OptionDefinitions;

async function main({ options: values }: Arguments<typeof options>): Promise<void> {
  const { quick = false, python = "python3" } = values;
  const { repeat = quick ? 3 : 5, milliseconds = quick ? 20 : 60 } = values;
  const items = choose(values.only?.split(",") ?? []);
  const threadCounts = readThreadCounts(values.threads);
  const multiplies = items.some(({ group }) => group === "products");
  requirePython(python, multiplies ? ["torch", "numpy"] : ["torch"]);
  const results: Result[] = [];
  let names: readonly string[] = [];
  for (const threads of threadCounts) {
    const measured = await measureAll(items, { threads, python, repeat, milliseconds });
    results.push(...measured.results);
    names = measured.names;
  }
  const machine = thisMachine();
  if (values.json) {
    const verdicts = countVerdicts(verdictsOf(results));
    const all = results.map(judged);
    console.log(JSON.stringify({ machine, names, repeat, verdicts, results: all }, null, 2));
    return;
  }
  console.log(machineLine(machine, repeat));
  console.log(names.join("\n"));
  printTables(results);
}

await runProgram({
  name: "bun bench/ops/run.ts",
  summary: "Measures operations beside PyTorch and NumPy.",
  options,
  examples: [
    "bun bench/ops/run.ts --python /tmp/venv/bin/python --only products --threads 1",
    "bun bench/ops/run.ts --python /tmp/venv/bin/python --only gelu,softmax --json",
    "bun bench/ops/run.ts --python /tmp/venv/bin/python --only convolutions,recurrent --quick",
  ],
}, main);
