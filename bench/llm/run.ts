/**
 * Measures Qorus beside llama.cpp: the same GGUF files, threads and tokens, in turns.
 *
 *   bun bench/llm/run.ts model.gguf
 *   deno run -A bench/llm/run.ts a.gguf b.gguf --threads 1,2 --repeat 7 --json
 *
 * @module
 */

import { existsSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { basename } from "node:path";
import process from "node:process";
import { type OptionDefinitions, readArguments, UsageError } from "../../lib/cli/arguments.ts";
import { Random } from "../../lib/core/random.ts";
import { QorusError } from "../../lib/native/error.ts";
import { ContenderProcess, type Loaded, type Times } from "./contender_process.ts";
import { median } from "../support/statistics.ts";
import { type Phase, printTable, ratios, type Result } from "./results.ts";

const options = {
  threads: { kind: "text", help: "thread counts, separated by commas (default: 1,2)" },
  prefillTokens: { kind: "integer", least: 1, help: "tokens of the prompt (default: 512)" },
  decodeTokens: { kind: "integer", least: 1, help: "tokens decoded after it (default: 128)" },
  repeat: { kind: "integer", least: 1, most: 1000, help: "turns of each (default: 5)" },
  json: { kind: "flag", help: "print JSON" },
} as const satisfies OptionDefinitions;

/** Ids that every vocabulary in question has and that have no special meaning. */
const tokenRange = [300, 500] as const;

interface Workload {
  readonly prompt: readonly number[];
  readonly continuation: readonly number[];
  readonly repeat: number;
}

/** Every turn of both. */
interface Pairs {
  readonly qorus: Times[];
  readonly llamaCpp: Times[];
}

/** Both contenders' times, taken right after each other; who is first changes every turn. */
async function alternate(
  { qorus, llamaCpp }: Record<"qorus" | "llamaCpp", ContenderProcess>,
  { prompt, continuation, repeat }: Workload,
): Promise<Record<Phase, Pairs>> {
  const pairs: Record<Phase, Pairs> = {
    prefill: { qorus: [], llamaCpp: [] },
    decode: { qorus: [], llamaCpp: [] },
  };
  const contenders = [["qorus", qorus], ["llamaCpp", llamaCpp]] as const;
  for (let turn = 0; turn < repeat; turn++) {
    const order = turn % 2 === 0 ? contenders : contenders.toReversed();
    for (const [key, it] of order) pairs.prefill[key].push(await it.prefill(prompt));
    for (const [key, it] of order) pairs.decode[key].push(await it.decode(continuation));
  }
  return pairs;
}

/** Measures one file with every number of threads. */
async function compare(
  path: string,
  threadCounts: readonly number[],
  workload: Workload,
): Promise<Result[]> {
  using qorus = new ContenderProcess("qorus");
  using llamaCpp = new ContenderProcess("llama.cpp");
  const contextLength = workload.prompt.length + workload.continuation.length;
  const loaded: [Loaded, Loaded] = [
    await qorus.load(path, contextLength),
    await llamaCpp.load(path, contextLength),
  ];
  const results: Result[] = [];
  for (const threads of threadCounts) {
    for (const it of [qorus, llamaCpp]) {
      await it.threads(threads);
      // Touches memory and wakes threads; counts for nothing.
      await it.prefill(workload.prompt.slice(0, 64));
      await it.decode(workload.continuation.slice(0, 4));
    }
    const loadAverage = loadavg()[0];
    const pairs = await alternate({ qorus, llamaCpp }, workload);
    const counts = { prefill: workload.prompt.length, decode: workload.continuation.length };
    for (const phase of ["prefill", "decode"] as const) {
      const result: Result = {
        model: basename(path),
        threads,
        phase,
        tokens: counts[phase],
        qorus: { ...loaded[0], times: pairs[phase].qorus },
        llamaCpp: { ...loaded[1], times: pairs[phase].llamaCpp },
        loadAverage,
      };
      results.push(result);
      const ratio = median(ratios(result, "milliseconds")).toFixed(2);
      console.error(`${result.model}, ${threads} threads, ${phase}: ${ratio}`);
    }
  }
  return results;
}

function readThreads(text: string): number[] {
  const counts = text.split(",").map(Number);
  if (counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 256)) return counts;
  throw new UsageError(`--threads: ${JSON.stringify(text)} is given, expected numbers such as 1,2`);
}

function tokens(count: number, random: Random): number[] {
  return Array.from({ length: count }, () => Math.floor(random.uniform(...tokenRange)));
}

async function main(given: readonly string[]): Promise<void> {
  const { options: values, positionals } = readArguments(given, options, 100);
  if (positionals.length === 0) throw new UsageError("expected paths of .gguf files");
  const { prefillTokens = 512, decodeTokens = 128, repeat = 5, threads = "1,2" } = values;
  const threadCounts = readThreads(threads);
  const random = new Random(1);
  const workload = {
    prompt: tokens(prefillTokens, random),
    continuation: tokens(decodeTokens, random),
    repeat,
  };
  for (const path of positionals) {
    if (!existsSync(path)) {
      throw new QorusError("not_found", `${path}: there is no such file`);
    }
  }
  if (!existsSync(new URL("node_modules/node-llama-cpp", import.meta.url))) {
    const message = "llama.cpp is not installed: run `npm install --ignore-scripts` in bench/llm";
    throw new QorusError("not_found", message);
  }
  const results: Result[] = [];
  for (const path of positionals) results.push(...await compare(path, threadCounts, workload));
  const machine = { processor: cpus()[0].model, processors: cpus().length };
  if (values.json) console.log(JSON.stringify({ machine, repeat, results }, null, 2));
  else printTable(results, `${machine.processors} x ${machine.processor}, ${repeat} turns each`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof QorusError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
