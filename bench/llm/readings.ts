/**
 * Rows of the table about Qorus alone.
 *
 * @module
 */

import { QorusError } from "../../lib/native/error.ts";
import { memoryBandwidth } from "../support/roofline.ts";
import { median } from "../support/statistics.ts";
import type { SamplingOptions } from "../../lib/llm/types.ts";
import { ContenderProcess } from "./contender_process.ts";
import type { ModelFile } from "./models.ts";
import type { Plan } from "./plan.ts";
import type { Reading } from "./results.ts";

/** Ways of choosing a token, and what they may take at most, in microseconds. */
const samplings: readonly (readonly [string, SamplingOptions, number])[] = [
  ["greedy", {}, 30],
  ["top-k 40, top-p 0.9, temperature 0.8", {
    temperature: 0.8,
    topK: 40,
    topP: 0.9,
  }, 300],
];

/** Time of choosing a token out of the model's vocabulary, and its share of a step. */
export async function* measureSampling(
  model: ModelFile,
  plan: Plan,
): AsyncGenerator<Reading> {
  using qorus = new ContenderProcess("qorus");
  await qorus.load({ path: model.path, contextLength: plan.decodeTokens });
  for (const threads of plan.threads) {
    await qorus.threads(threads);
    for (const [name, sampling, most] of samplings) {
      const microseconds: number[] = [];
      const shares: number[] = [];
      for (let turn = 0; turn <= plan.repeat; turn++) {
        const { step, sample } = await qorus.sampleSteps(
          plan.decodeTokens,
          sampling,
        );
        if (turn === 0) continue;
        microseconds.push(1000 * median(sample));
        shares.push(100 * median(sample) / median(step));
      }
      const named = { model: model.name, threads };
      yield {
        row: `${name}`,
        ...named,
        unit: "us",
        values: microseconds,
        most,
      };
      yield {
        row: `${name}: of a step`,
        ...named,
        unit: "%",
        values: shares,
        most: 2,
      };
    }
  }
}

/** What of a step is not spent in the native library. */
export async function* measureTypeScript(
  model: ModelFile,
  plan: Plan,
): AsyncGenerator<Reading> {
  using qorus = new ContenderProcess("qorus");
  await qorus.load({ path: model.path, contextLength: plan.decodeTokens });
  for (const threads of plan.threads) {
    await qorus.threads(threads);
    const values: number[] = [];
    for (let turn = 0; turn <= plan.repeat; turn++) {
      const { step, typescript } = await qorus.typescript(
        Math.ceil(plan.decodeTokens / 2),
      );
      if (turn > 0) values.push(100 * typescript / step);
    }
    yield {
      row: "TypeScript of a step",
      model: model.name,
      threads,
      unit: "%",
      values,
      most: 1,
    };
  }
}

/** What decoding reads of weights, as a share of what this machine reads of memory. */
export async function* measureBandwidth(
  model: ModelFile,
  plan: Plan,
): AsyncGenerator<Reading> {
  using qorus = new ContenderProcess("qorus");
  const loaded = await qorus.load({
    path: model.path,
    contextLength: 2 * plan.decodeTokens,
  });
  const tokens = Array.from(
    { length: plan.decodeTokens },
    (_, i) => 300 + i % 200,
  );
  for (const threads of plan.threads) {
    await qorus.threads(threads);
    const rates: number[] = [];
    const roofs: number[] = [];
    for (let turn = 0; turn <= plan.repeat; turn++) {
      await qorus.prefill(tokens.slice(0, 8));
      const { milliseconds } = await qorus.decode(tokens);
      if (turn === 0) continue;
      rates.push(loaded.weightBytes! * tokens.length / milliseconds / 1e6);
      roofs.push(await requiredBandwidth(threads));
    }
    const named = { model: model.name, threads };
    yield { row: "memory bandwidth", ...named, unit: "GB/s", values: roofs };
    yield { row: "weights read", ...named, unit: "GB/s", values: rates };
    const values = rates.map((rate, turn) => 100 * rate / roofs[turn]);
    yield { row: "bandwidth", ...named, unit: "%", values, least: 90 };
  }
}

async function requiredBandwidth(threads: number): Promise<number> {
  const found = await memoryBandwidth(threads);
  if (found !== undefined) return found;
  const message = `bandwidth: ${threads} threads are given, expected 1 or all of the processors`;
  throw new QorusError("unsupported", message);
}

/** Prompt lookup where texts repeat and where they do not. */
export async function* measureLookup(
  model: ModelFile,
  plan: Plan,
): AsyncGenerator<Reading> {
  using qorus = new ContenderProcess("qorus");
  const maxTokens = plan.decodeTokens;
  const prompt = Array.from({ length: 64 }, (_, i) => 300 + i % 32);
  await qorus.load({
    path: model.path,
    contextLength: prompt.length + maxTokens,
  });
  const cases = [
    ["lookup, repeating text", {}, 1.5, plan.repeat],
    // Turns differ by more than the few percent in question: their median needs more of them.
    ["lookup, random text", { temperature: 1, seed: 1 }, 0.95, 3 * plan.repeat],
  ] as const;
  for (const threads of plan.threads) {
    await qorus.threads(threads);
    for (const [row, sampling, least, repeat] of cases) {
      const fields = { prompt, maxTokens, repeat, sampling };
      const { plain, lookup, acceptedShare } = await qorus.promptLookup(fields);
      const values = plain.map((milliseconds, turn) => milliseconds / lookup[turn]);
      const share = `${(100 * acceptedShare).toFixed(0)} % guessed`;
      yield {
        row: `${row}, ${share}`,
        model: model.name,
        threads,
        unit: "x",
        values,
        least,
      };
    }
  }
}
