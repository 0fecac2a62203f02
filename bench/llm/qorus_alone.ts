/**
 * Measurements of Qorus that have no counterpart in llama.cpp.
 *
 * @module
 */

import { type Context, context } from "../../lib/core/context.ts";
import { scope } from "../../lib/core/scope.ts";
import type { LanguageModel } from "../../lib/llm/language_model.ts";
import { sampleOptions } from "../../lib/llm/sampler.ts";
import type { SamplingOptions } from "../../lib/llm/types.ts";

/** Where a step's time went, in milliseconds of each step. */
export interface SampledSteps {
  readonly step: readonly number[];
  readonly sample: readonly number[];
}

/** Generates tokens; tells for each how long the step and how long the choice of a token took. */
export function sampleSteps(
  llm: LanguageModel,
  { steps, sampling }: { steps: number; sampling: SamplingOptions },
): SampledSteps {
  llm.resetCache();
  llm.sampler.start(sampleOptions(sampling), 1, []);
  const times: { step: number[]; sample: number[] } = { step: [], sample: [] };
  let id = 300;
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    using _ = scope();
    const logits = llm.step([id]);
    const middle = performance.now();
    id = llm.sampler.next(logits);
    const end = performance.now();
    times.step.push(end - start);
    times.sample.push(end - middle);
  }
  return times;
}

/** What of steps is not spent in the library, in milliseconds. */
export interface TypeScriptShare {
  readonly step: number;
  readonly typescript: number;
  /** Calls of the library in one step. */
  readonly calls: number;
}

type Call = (...values: number[]) => number;

/** Functions that are timed by a clock around each call. */
class Clock {
  /** Time inside of the calls, in milliseconds. */
  inside = 0;
  calls = 0;

  around(call: Call): Call {
    return (...values) => {
      const start = performance.now();
      const result = call(...values);
      this.inside += performance.now() - start;
      this.calls++;
      return result;
    };
  }

  reset(): void {
    this.inside = this.calls = 0;
  }
}

/** What the clock itself takes outside of what it measures, in milliseconds of each call. */
function clockCost(call: Call): number {
  const count = 20_000;
  const clock = new Clock();
  const timed = clock.around(call);
  const run = () => {
    for (let i = 0; i < count; i++) timed();
  };
  run();
  clock.reset();
  const start = performance.now();
  run();
  return (performance.now() - start - clock.inside) / count;
}

/**
 * Runs steps with a clock around every call of the library; what is left is TypeScript's, the
 * clock's own time taken off.
 */
export function measureTypeScript(
  llm: LanguageModel,
  steps: number,
): TypeScriptShare {
  const clock = new Clock();
  const library = context() as { native: Context["native"] };
  const { native } = library;
  const entries = Object.entries(native).map((
    [name, call],
  ) => [name, clock.around(call as Call)]);
  const cost = clockCost(native.q_abi_version as Call);
  const run = () => {
    llm.resetCache();
    for (let i = 0; i < steps; i++) {
      using _ = scope();
      llm.step([300]);
    }
  };
  try {
    library.native = Object.fromEntries(entries);
    run();
    clock.reset();
    const start = performance.now();
    run();
    const whole = performance.now() - start;
    const { calls, inside } = clock;
    const outside = whole - inside - calls * cost;
    return {
      step: whole / steps,
      typescript: outside / steps,
      calls: calls / steps,
    };
  } finally {
    library.native = native;
  }
}

/** The same text with and without prompt lookup, in milliseconds. */
export interface PromptLookupTimes {
  readonly plain: readonly number[];
  readonly lookup: readonly number[];
  /** Of the tokens, those that were guessed. */
  readonly acceptedShare: number;
}

/** What to generate. */
export interface PromptLookupFields {
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  readonly repeat: number;
  readonly sampling: SamplingOptions;
}

/** Generates a text in turns with and without prompt lookup. */
export async function comparePromptLookup(
  llm: LanguageModel,
  { prompt, maxTokens, repeat, sampling }: PromptLookupFields,
): Promise<PromptLookupTimes> {
  const times = { plain: [] as number[], lookup: [] as number[] };
  let accepted = 0;
  let expected: number[] | undefined;
  // The first turn touches memory and counts for nothing.
  for (let turn = 0; turn <= repeat; turn++) {
    const order = ["plain", "lookup"] as const;
    for (const kind of turn % 2 === 0 ? order : order.toReversed()) {
      const options = {
        ...sampling,
        maxTokens,
        promptLookup: kind === "lookup",
      };
      const ids: number[] = [];
      for await (const { id } of llm.generate(prompt, options)) ids.push(id);
      expected ??= ids;
      if (ids.join() !== expected.join()) {
        throw new Error("prompt lookup changed the text");
      }
      const { decodeMilliseconds, generatedTokens, acceptedTokens } = llm.statistics;
      if (kind === "lookup") accepted = acceptedTokens / generatedTokens;
      if (turn > 0) times[kind].push(decodeMilliseconds);
    }
  }
  return { ...times, acceptedShare: accepted };
}
