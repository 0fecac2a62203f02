/**
 * Rows of the table that compare Qorus with llama.cpp.
 *
 * @module
 */

import { loadavg } from "node:os";
import { Random } from "../../lib/core/random.ts";
import { ContenderProcess, type Kernels, type Loaded, type Times } from "./contender_process.ts";
import { Contenders, type Pair } from "./contenders.ts";
import { type ModelFile, qorusFile } from "./models.ts";
import type { Plan } from "./plan.ts";
import type { Comparison } from "./results.ts";
import { targetRatio } from "./targets.ts";

/** Ids that every vocabulary in question has and that have no special meaning. */
const tokenRange = [300, 500] as const;
/** Sequences that are decoded together, and the tokens of the prompt of each. */
const sequences = 8;
const sequencePrompt = 16;
/** The long context, and what is decoded at its end in each turn. */
const contextLength = 8192;
const contextTokens = 16;

function tokens(count: number, seed: number): number[] {
  const random = new Random(seed);
  return Array.from(
    { length: count },
    () => Math.floor(random.uniform(...tokenRange)),
  );
}

/** What was measured, named. */
function comparison(
  row: string,
  model: ModelFile,
  threads: number,
  tokenCount: number,
  pair: Pair,
): Comparison {
  const target = targetRatio(row, model.dtype, threads);
  return {
    row,
    model: model.name,
    threads,
    tokens: tokenCount,
    ...pair,
    target,
  };
}

/** Reading a prompt, and writing token by token behind it. */
export async function* compareSpeed(
  model: ModelFile,
  plan: Plan,
  kernels: Kernels = {},
  prefix = "",
): AsyncGenerator<Comparison> {
  const prompt = tokens(plan.prefillTokens, 1);
  const continuation = tokens(plan.decodeTokens, 2);
  using contenders = new Contenders(kernels);
  await contenders.load({
    path: model.path,
    contextLength: prompt.length + continuation.length,
  });
  for (const threads of plan.threads) {
    await contenders.prepare(async (it) => {
      await it.threads(threads);
      // Touches memory and wakes threads; counts for nothing.
      await it.prefill(prompt.slice(0, 64));
      await it.decode(continuation.slice(0, 4));
    });
    const [prefill, decode] = await contenders.alternate(plan.repeat, [
      (it) => it.prefill(prompt),
      (it) => it.decode(continuation),
    ]);
    yield comparison(
      `${prefix}prefill`,
      model,
      threads,
      prompt.length,
      prefill,
    );
    yield comparison(
      `${prefix}decode`,
      model,
      threads,
      continuation.length,
      decode,
    );
  }
}

/** Writing several sequences together; speeds are of all of them. */
export async function* compareSequences(
  model: ModelFile,
  plan: Plan,
): AsyncGenerator<Comparison> {
  const prompt = tokens(sequencePrompt, 1);
  const continuation = tokens(Math.ceil(plan.decodeTokens / 2), 2);
  using contenders = new Contenders();
  await contenders.load({
    path: model.path,
    contextLength: prompt.length + continuation.length,
    sequences,
  });
  for (const threads of plan.threads) {
    await contenders.prepare(async (it) => {
      await it.threads(threads);
      await it.beginSequences(prompt);
      await it.decodeSequences(continuation.slice(0, 2));
    });
    const [pair] = await contenders.alternate(plan.repeat, [async (it) => {
      await it.beginSequences(prompt);
      return await it.decodeSequences(continuation);
    }]);
    yield comparison(
      "sequences",
      model,
      threads,
      sequences * continuation.length,
      pair,
    );
  }
}

/** Writing behind a long text. */
export async function* compareContext(
  model: ModelFile,
  plan: Plan,
  cacheDtype: "f16" | "q8_0",
): AsyncGenerator<Comparison> {
  using contenders = new Contenders();
  await contenders.load({ path: model.path, contextLength, cacheDtype });
  const continuation = tokens(contextTokens, 2);
  for (const threads of plan.threads) {
    await contenders.prepare(async (it) => {
      await it.threads(threads);
      await it.fill(contextLength - contextTokens * (plan.repeat + 1));
      await it.decode(continuation);
    });
    const [pair] = await contenders.alternate(plan.repeat, [
      (it) => it.decode(continuation),
    ]);
    const result = comparison("context", model, threads, contextTokens, pair);
    yield { ...result, row: `context, ${cacheDtype} cache` };
  }
}

/** One word: what counts is everything before it. */
const firstPrompt = "the";

/** From nothing to the first token behind a short text, in processes that open nothing else. */
export async function* compareLoading(
  model: ModelFile,
  plan: Plan,
): AsyncGenerator<Comparison> {
  const files = [
    ["qorus", await qorusFile(model)],
    ["qorus", model.path],
    ["llama.cpp", model.path],
  ] as const;
  const kernels = "as above";
  const names: Loaded[] = files.map(([name]) => ({
    name,
    kernels,
    runtime: "",
  }));
  for (const threads of plan.threads) {
    const loadAverage = loadavg()[0];
    const times = files.map((): Times[] => []);
    // The first turn brings the files into the page cache and counts for nothing.
    for (let turn = 0; turn <= plan.repeat; turn++) {
      for (let i = 0; i < files.length; i++) {
        const which = (turn + i) % files.length;
        const [name, path] = files[which];
        using process = new ContenderProcess(name);
        const measured = await process.firstToken(path, firstPrompt, threads);
        if (turn > 0) times[which].push(measured);
      }
    }
    const llamaCpp = { ...names[2], times: times[2] };
    for (const [i, row] of [".qorus", "GGUF"].entries()) {
      const pair: Pair = {
        qorus: { ...names[i], times: times[i] },
        llamaCpp,
        loadAverage,
      };
      yield comparison(`load ${row}`, model, threads, 0, pair);
    }
  }
}
