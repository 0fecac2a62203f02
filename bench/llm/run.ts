/**
 * Measures language models on the CPU: Qorus beside llama.cpp, with the same GGUF files, threads and
 * tokens, in turns, and what is to be reached beside each number.
 *
 *   bun bench/llm/run.ts
 *   bun bench/llm/run.ts --rows decode,prefill --dtypes q4_0 --threads 1 --quick
 *   deno run -A bench/llm/run.ts model.gguf --rows decode --json
 *
 * @module
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Arguments } from "../../lib/cli/arguments.ts";
import { QorusError } from "../../lib/native/error.ts";
import { runProgram } from "../../tools/support/program.ts";
import { machineLine, thisMachine } from "../support/machine.ts";
import { countVerdicts } from "../support/verdicts.ts";
import { compareContext, compareLoading, compareSequences, compareSpeed } from "./comparisons.ts";
import { type ModelFile, plannedModels, randomModel } from "./models.ts";
import { options, type Plan, readPlan } from "./plan.ts";
import { measureBandwidth, measureLookup, measureSampling, measureTypeScript } from "./readings.ts";
import { judged, printTable, type Result, summary, verdictsOf } from "./results.ts";

/** AVX2 of either: what processors without AVX-512 use. */
const avx2 = { qorus: "v3", llamaCpp: "haswell" };

/** Rows that are measured with every model. */
async function* measureModel(
  model: ModelFile,
  plan: Plan,
): AsyncGenerator<Result> {
  const { rows } = plan;
  if (rows.has("prefill") || rows.has("decode")) {
    for await (const result of compareSpeed(model, plan)) {
      if ([...rows].includes(result.row as never)) yield result;
    }
  }
  if (rows.has("avx2")) yield* compareSpeed(model, plan, avx2, "avx2 ");
  if (rows.has("sequences")) yield* compareSequences(model, plan);
  if (rows.has("load")) yield* compareLoading(model, plan);
  if (rows.has("bandwidth")) yield* measureBandwidth(model, plan);
}

/** Rows that one model is enough for: the one with the larger vocabulary and context. */
async function* measureOnce(plan: Plan): AsyncGenerator<Result> {
  const { rows } = plan;
  const names = ["context", "sampling", "typescript", "lookup"] as const;
  if (!names.some((name) => rows.has(name))) return;
  const model = await randomModel(plan, "1b-128k", "q4_0");
  if (rows.has("context")) {
    yield* compareContext(model, plan, "f16");
    yield* compareContext(model, plan, "q8_0");
  }
  if (rows.has("sampling")) yield* measureSampling(model, plan);
  if (rows.has("typescript")) yield* measureTypeScript(model, plan);
  if (rows.has("lookup")) yield* measureLookup(model, plan);
}

async function* measureAll(plan: Plan): AsyncGenerator<Result> {
  for await (const model of plannedModels(plan)) {
    yield* measureModel(model, plan);
  }
  yield* measureOnce(plan);
}

async function main(given: Arguments<typeof options>): Promise<void> {
  const plan = readPlan(
    given,
    fileURLToPath(new URL("../models", import.meta.url)),
  );
  if (!existsSync(new URL("node_modules/node-llama-cpp", import.meta.url))) {
    const message = "llama.cpp is not installed: run `npm install --ignore-scripts` in bench/llm";
    throw new QorusError("not_found", message);
  }
  const results: Result[] = [];
  for await (const result of measureAll(plan)) {
    results.push(result);
    console.error(summary(result));
  }
  const machine = thisMachine();
  const { repeat } = plan;
  if (plan.json) {
    const verdicts = countVerdicts(results.flatMap(verdictsOf));
    const all = results.map(judged);
    console.log(JSON.stringify({ machine, repeat, verdicts, results: all }, null, 2));
    return;
  }
  printTable(results, machineLine(machine, repeat));
}

await runProgram({
  name: "bun bench/llm/run.ts",
  summary: "Measures language models beside llama.cpp.",
  parameters: "[MODEL.gguf...]",
  most: 100,
  options,
  examples: [
    "bun bench/llm/run.ts --quick --dtypes q4_0 --threads 1",
    "bun bench/llm/run.ts model.gguf --rows decode --json",
  ],
}, main);
