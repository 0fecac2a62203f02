/** Rows computed together are rows computed alone: speculation and batches change no text. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { counters } from "../../lib/core/context.ts";
import { scope } from "../../lib/core/scope.ts";
import type { ModelConfig } from "../../lib/formats/types.ts";
import type { LanguageModel } from "../../lib/llm/language_model.ts";
import { prefill } from "../../lib/llm/prompt.ts";
import { load } from "../../lib/llm/load.ts";
import type {
  BatchOptions,
  BatchPrompt,
  EndReason,
  GenerateOptions,
  SequenceOptions,
} from "../../lib/llm/types.ts";
import { QorusError } from "../../lib/native/error.ts";
import { shapes, writeRandomModel } from "../../tools/support/random_model.ts";
import { seededRandom } from "../support/random.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const config: ModelConfig = {
  ...shapes["1.1b"],
  vocabSize: 500,
  hiddenSize: 64,
  intermediateSize: 160,
  layerCount: 2,
  headCount: 4,
  headSize: 16,
  keyValueHeadCount: 2,
  contextLength: 700,
};
const ungrouped: ModelConfig = { ...config, keyValueHeadCount: 4, tiedEmbeddings: true };
/** Wide enough for the blocks of K-quants. */
const wide: ModelConfig = { ...config, hiddenSize: 256, intermediateSize: 512, headSize: 64 };

/** A loaded random model, in a file of its own. */
class RandomModel implements Disposable {
  readonly #folder = new TemporaryFolder();
  #llm: LanguageModel | undefined;

  static async open(
    dtype: Parameters<typeof writeRandomModel>[2]["dtype"],
    shape: ModelConfig = config,
  ): Promise<RandomModel> {
    const model = new RandomModel();
    const path = model.#folder.file("random.gguf");
    await writeRandomModel(path, shape, { dtype });
    model.#llm = await load(path);
    return model;
  }

  get llm(): LanguageModel {
    return this.#llm!;
  }

  [Symbol.dispose](): void {
    this.#llm?.[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** Tokens of the vocabulary that are no special ones; every third run repeats an earlier one. */
function promptOf(count: number, seed = 1): number[] {
  const random = seededRandom(seed);
  const ids: number[] = [];
  while (ids.length < count) {
    if (ids.length > 20 && random() < 0.1) ids.push(...ids.slice(5, 17));
    else ids.push(260 + Math.floor(random() * 200));
  }
  return ids.slice(0, count);
}

function read(llm: LanguageModel, ids: readonly number[], rows: boolean): Float32Array {
  using _ = scope();
  return (rows ? llm.stepRows(ids) : llm.step(ids)).read() as Float32Array;
}

function readPrompt(llm: LanguageModel, ids: readonly number[]): void {
  using _ = scope();
  prefill(llm, Uint32Array.from(ids));
}

for (const dtype of ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_k_m"] as const) {
  for (const shape of dtype === "q4_k_m" ? [wide] : [config, ungrouped]) {
    const heads = `${shape.headCount}/${shape.keyValueHeadCount} heads`;
    test(`${dtype}, ${heads}: logits of 2 to 8 rows are those of one, to the bit`, async () => {
      using model = await RandomModel.open(dtype, shape);
      const { llm } = model;
      // Around 64 positions a tile of keys ends, from 512 on keys are cut into ranges.
      for (const [position, count] of [[1, 2], [62, 5], [510, 8], [600, 3]]) {
        const ids = promptOf(position + count);
        readPrompt(llm, ids.slice(0, position));
        const together = read(llm, ids.slice(position), true);
        llm.cache.ids.length = position;
        for (let row = 0; row < count; row++) {
          const alone = read(llm, [ids[position + row]], false);
          const { vocabSize } = llm.config;
          assertEquals(together.slice(row * vocabSize, (row + 1) * vocabSize), alone);
        }
        llm.resetCache();
      }
    });
  }
}

/** What came out of one generation. */
interface Outcome {
  text: string;
  ids: number[];
  endReason?: EndReason;
}

async function write(
  llm: LanguageModel,
  prompt: string | readonly number[],
  options: GenerateOptions,
): Promise<Outcome> {
  llm.resetCache();
  const outcome: Outcome = { text: "", ids: [] };
  for await (const { id, text } of llm.generate(prompt, options)) {
    outcome.text += text;
    outcome.ids.push(id);
  }
  outcome.endReason = llm.statistics.endReason as EndReason;
  return outcome;
}

const samplings: SequenceOptions[] = [
  { maxTokens: 120 },
  { maxTokens: 120, repetitionPenalty: 1.2 },
  { maxTokens: 120, temperature: 0.3, topK: 3, seed: 7 },
  { maxTokens: 60, temperature: 1, topP: 0.9, repetitionPenalty: 1.1, seed: 8 },
  { stop: ["e", "zz"], maxTokens: 50 },
  {},
];

for (const dtype of ["f32", "q8_0"] as const) {
  test(`${dtype}: prompt lookup changes no text`, async () => {
    using model = await RandomModel.open(dtype, { ...ungrouped, contextLength: 300 });
    const { llm } = model;
    let accepted = 0;
    for (const [i, options] of samplings.entries()) {
      const prompt = promptOf(40 + 31 * i, i);
      const plain = await write(llm, prompt, options);
      assertEquals(llm.statistics.proposedTokens, 0);
      for (const promptLookup of [true, { tokens: 2, ngramSize: 1 }]) {
        assertEquals(await write(llm, prompt, { ...options, promptLookup }), plain);
        const { statistics, cache } = llm;
        assert(statistics.acceptedTokens <= statistics.proposedTokens);
        assertEquals(statistics.generatedTokens, plain.ids.length);
        assertEquals(cache.ids.slice(0, prompt.length), prompt);
        accepted += statistics.acceptedTokens;
      }
    }
    assert(accepted > 100, `${accepted} proposed tokens were taken up`);
  });
}

test("prompt lookup: a text is left and gone on with, and steps ask for no memory", async () => {
  using model = await RandomModel.open("q4_0");
  const { llm } = model;
  const prompt = promptOf(60);
  const options = { promptLookup: true, maxTokens: 400 };
  const whole = await write(llm, prompt, options);
  llm.resetCache();
  const ids: number[] = [];
  let before: ReturnType<typeof counters> | undefined;
  for await (const { id } of llm.generate(prompt, options)) {
    ids.push(id);
    if (ids.length === 30) before = counters();
    if (ids.length === 150) break;
  }
  const after = counters();
  assertEquals(after.allocationCount, before!.allocationCount);
  assertEquals(after.stateBytes, before!.stateBytes);
  assertEquals(after.scratchBytes, 0);
  const rest: number[] = [];
  const goOn = llm.generate([...prompt, ...ids], { ...options, maxTokens: 250 });
  for await (const { id } of goOn) rest.push(id);
  assertEquals([...ids, ...rest], whole.ids);
});

test("prompt lookup: settings out of range are errors", async () => {
  using model = await RandomModel.open("q4_0");
  for (const promptLookup of [{ tokens: 0 }, { tokens: 8 }, { ngramSize: 1.5 }]) {
    const [field] = Object.keys(promptLookup);
    const error = await assertRejects(
      () => write(model.llm, [300], { promptLookup }),
      QorusError,
      `promptLookup.${field}`,
    );
    assertEquals(error.code, "invalid_argument");
  }
});

async function writeBatch(
  llm: LanguageModel,
  prompts: Iterable<string | readonly number[] | BatchPrompt>,
  options: BatchOptions,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const { index, id, text, endReason } of llm.generateBatch(prompts, options)) {
    const outcome = outcomes[index] ??= { text: "", ids: [] };
    assertEquals(outcome.endReason, undefined, `sequence ${index} goes on behind its end`);
    outcome.text += text;
    // A single generation is silent about an end token that completes no text.
    if (endReason !== "end token" || text !== "") outcome.ids.push(id);
    outcome.endReason = endReason;
  }
  return outcomes;
}

for (const dtype of ["f32", "f16", "q4_0"] as const) {
  test(`${dtype}: texts of a batch are those of single generations`, async () => {
    using model = await RandomModel.open(dtype, { ...ungrouped, contextLength: 160 });
    const { llm } = model;
    const prompts: BatchPrompt[] = [];
    for (let i = 0; i < 11; i++) {
      const prompt = i === 3 ? "a text" : promptOf(1 + 12 * i, i);
      prompts.push({ prompt, ...samplings[i % samplings.length], seed: i });
    }
    const expected: Outcome[] = [];
    for (const { prompt, ...options } of prompts) {
      expected.push(await write(llm, prompt, options));
    }
    assert(new Set(expected.map(({ endReason }) => endReason)).size >= 2);
    for (const sequences of [1, 3, 16]) {
      assertEquals(await writeBatch(llm, prompts, { sequences }), expected);
    }
    const { statistics } = llm;
    const tokens = expected.reduce((sum, { ids }) => sum + ids.length, 0);
    assertEquals(statistics.generatedTokens, tokens);
    assert(statistics.decodeMilliseconds > 0 && statistics.prefillMilliseconds > 0);
  });
}

test("a batch: common options, lazy prompts, memory taken once and given back", async () => {
  using model = await RandomModel.open("q4_0");
  const { llm } = model;
  const before = counters();
  let taken = 0;
  function* prompts() {
    for (; taken < 6; taken++) yield promptOf(20, taken);
  }
  const options = { sequences: 2, contextLength: 100, maxTokens: 30, temperature: 1, seed: 3 };
  let warm: ReturnType<typeof counters> | undefined;
  const seen: number[] = [];
  for await (const { index } of llm.generateBatch(prompts(), options)) {
    seen.push(index);
    assert(taken <= index + 2, "prompts are taken before there is room");
    if (seen.length === 80) warm = counters();
  }
  assertEquals(seen.length, 180);
  const after = counters();
  assertEquals(after.allocationCount, warm!.allocationCount);
  assertEquals(after.scratchHighWaterBytes, warm!.scratchHighWaterBytes);
  assertEquals([after.stateBytes, after.scratchBytes], [before.stateBytes, before.scratchBytes]);

  // The same seed for all gives the same text for the same prompt.
  const [first, second] = await writeBatch(llm, [[300, 301], [300, 301]], options);
  assertEquals(first, second);
  const other = { prompt: [300, 301], seed: 4 };
  const [third, fourth] = await writeBatch(llm, [[300, 301], other], options);
  assertEquals(third, first);
  assert(fourth.text !== first.text);
  for await (const _ of llm.generateBatch(prompts(), options)) break;
  assertEquals(counters().stateBytes, before.stateBytes);
});

test("a batch beside a single generation: neither disturbs the other", async () => {
  using model = await RandomModel.open("q8_0");
  const { llm } = model;
  const options = { maxTokens: 40 };
  const expected = [await write(llm, promptOf(9, 1), options)];
  expected.push(await write(llm, promptOf(30, 2), options));
  llm.resetCache();
  const single: Outcome = { text: "", ids: [] };
  const alone = llm.generate(promptOf(9, 1), options);
  const batch: Outcome = { text: "", ids: [] };
  for await (const token of llm.generateBatch([promptOf(30, 2)], options)) {
    batch.text += token.text;
    batch.ids.push(token.id);
    batch.endReason = token.endReason;
    const { value } = await alone.next();
    single.text += value!.text;
    single.ids.push(value!.id);
  }
  single.endReason = "token limit";
  assertEquals([single, batch], expected);
});

test("a batch: wrong options, long prompts, signals and disposal are errors", async () => {
  using model = await RandomModel.open("q4_0");
  const { llm } = model;
  const wrong: [Iterable<string | readonly number[] | BatchPrompt>, BatchOptions, string][] = [
    ["The sea", {}, 'prompts are "The sea"'],
    [[], { sequences: 0 }, "sequences is 0"],
    [[], { sequences: 1e9 }, "sequences is 1000000000"],
    [[], { contextLength: 701 }, "contextLength is 701"],
    [[[300]], { topK: -1 }, "topK is -1"],
    [[{ prompt: [300], maxTokens: 0 }], {}, "maxTokens is 0"],
    [[promptOf(11)], { contextLength: 10 }, "11 tokens do not fit the context of 10"],
    [[[500]], {}, "id 500"],
  ];
  const before = counters().stateBytes;
  for (const [prompts, options, message] of wrong) {
    await assertRejects(() => writeBatch(llm, prompts, options), QorusError, message);
  }
  assertEquals(counters().stateBytes, before);
  assertEquals(await writeBatch(llm, [], {}), []);

  const controller = new AbortController();
  const aborted = await assertRejects(async () => {
    const { signal } = controller;
    for await (const _ of llm.generateBatch([[300], [301]], { signal })) controller.abort();
  }, QorusError);
  assertEquals([aborted.code, llm.statistics.endReason], ["aborted", "aborted"]);
  const disposed = await assertRejects(async () => {
    for await (const _ of llm.generateBatch([[300], [301]])) llm[Symbol.dispose]();
  }, QorusError);
  assert(disposed.message.includes("was disposed"));
});
