/** Caches of every dtype: the same model, and how far from exact its logits are. */

import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { counters } from "../../lib/core/context.ts";
import { scope } from "../../lib/core/scope.ts";
import type { LanguageModel } from "../../lib/llm/language_model.ts";
import { load } from "../../lib/llm/load.ts";
import type { CacheDType } from "../../lib/llm/types.ts";
import { QorusError } from "../../lib/native/error.ts";
import { runCommandLine } from "../support/command_line.ts";
import { shapes, writeRandomModel } from "../../tools/support/random_model.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

/** Its heads are 32 wide. */
const tiny = fileURLToPath(new URL("../../models/tiny.qorus", import.meta.url));
const prompt = "Once upon a time, there was a little girl named Lily.";

async function write(llm: LanguageModel, maxTokens: number): Promise<string> {
  llm.resetCache();
  let text = "";
  for await (const token of llm.generate(prompt, { maxTokens })) text += token.text;
  return text;
}

/** Logits behind every token, computed in a chunk, then token by token. */
function logitsOf(llm: LanguageModel, ids: readonly number[]): Float32Array {
  using _ = scope();
  const chunk = ids.length >> 1;
  const rows = [llm.forward(ids.slice(0, chunk)).read() as Float32Array];
  llm.cache.ids.push(...ids.slice(0, chunk));
  for (const id of ids.slice(chunk)) rows.push(llm.step([id]).read() as Float32Array);
  const logits = new Float32Array(ids.length * llm.config.vocabSize);
  let offset = 0;
  for (const row of rows) {
    logits.set(row, offset);
    offset += row.length;
  }
  return logits;
}

async function writeRandom(path: string, dtype: "f32" | "q8_0"): Promise<void> {
  const config = { ...shapes["1.1b"], vocabSize: 500, hiddenSize: 256, intermediateSize: 320 };
  const heads = { headCount: 4, keyValueHeadCount: 2, layerCount: 2, contextLength: 200 };
  await writeRandomModel(path, { ...config, ...heads }, { dtype });
}

// Weights are exact here, so that nothing but the cache differs: 11 bits, or 8 bits in each block.
for (const [cacheDtype, bound] of [["f16", 0.001], ["q8_0", 0.01]] as const) {
  test(`${cacheDtype} cache: logits near those of an f32 cache`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("random.gguf");
    await writeRandom(path, "f32");
    using exact = await load(path);
    using llm = await load(path, { cacheDtype });
    const kinds = [exact, llm].map(({ cache }) => cache.layers[1].values.dtype);
    assertEquals(kinds, ["f32", cacheDtype]);
    const ids = Array.from({ length: 150 }, (_, i) => 260 + (i * i * 7) % 200);
    const [expected, got] = [logitsOf(exact, ids), logitsOf(llm, ids)];
    const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, element) => sum + element ** 2, 0));
    const { vocabSize } = llm.config;
    for (let row = 0; row < ids.length; row++) {
      const [a, b] = [expected, got].map((all) =>
        all.slice(row * vocabSize, (row + 1) * vocabSize)
      );
      const error = norm(a.map((x, i) => x - b[i]));
      assert(error < bound * norm(a), `row ${row}: ${error} of ${norm(a)}`);
      assert(error > 0 || row === 0, "both caches are the same");
    }
  });
}

test("the model in the box writes the same story with every cache", async () => {
  const stories: string[] = [];
  for (const cacheDtype of ["f32", "f16", "q8_0"] as const) {
    using llm = await load(tiny, { cacheDtype });
    stories.push(await write(llm, 60));
  }
  assertEquals(stories, [stories[0], stories[0], stories[0]]);
});

test("a q8_0 cache: batches write what single generations write, no step allocates", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("random.gguf");
  await writeRandom(path, "q8_0");
  using llm = await load(path, { cacheDtype: "q8_0" });
  const prompts = [300, 310, 320].map((first) => [first, first + 1, first + 2]);
  const expected: number[][] = [];
  for (const [i, ids] of prompts.entries()) {
    llm.resetCache();
    let before: number | undefined;
    for await (const { id } of llm.generate(ids, { maxTokens: 80 })) {
      (expected[i] ??= []).push(id);
      if (expected[i].length === 3) before = counters().allocationCount;
    }
    assertEquals(counters().allocationCount, before);
  }
  for (const sequences of [1, 3]) {
    const got: number[][] = [];
    for await (const { index, id } of llm.generateBatch(prompts, { maxTokens: 80, sequences })) {
      (got[index] ??= []).push(id);
    }
    assertEquals(got, expected);
  }
  const texts: number[][] = [];
  for (const promptLookup of [false, true]) {
    llm.resetCache();
    const ids: number[] = [];
    const options = { maxTokens: 80, promptLookup };
    for await (const { id } of llm.generate(prompts[0], options)) ids.push(id);
    texts.push(ids);
  }
  assertEquals(texts, [expected[0], expected[0]]);
});

test("a cache's memory is its dtype's", async () => {
  const bytes: number[] = [];
  for (const cacheDtype of ["f32", "f16", "q8_0"] as const) {
    const before = counters().stateBytes;
    using llm = await load(tiny, { cacheDtype });
    const { layers } = llm.cache;
    assertEquals(layers[0].values.shape, [5, 256, 32]);
    bytes.push(counters().stateBytes - before);
  }
  // 6 layers of keys and values, 5 heads, 256 positions.
  const blocks = 6 * 2 * 5 * 256;
  assertEquals(bytes[0] - bytes[1], blocks * 64);
  assertEquals(bytes[1] - bytes[2], blocks * 30);
});

test("caches that a model cannot have are errors that say what it can", async () => {
  const unknown = await assertRejects(
    () => load(tiny, { cacheDtype: "q4_0" as CacheDType }),
    QorusError,
    "expected f32, f16 or q8_0",
  );
  assertEquals([unknown.code, unknown.field], ["invalid_argument", "cacheDtype"]);
  using folder = new TemporaryFolder();
  const path = folder.file("narrow.gguf");
  const config = { ...shapes["1.1b"], vocabSize: 300, hiddenSize: 64, intermediateSize: 64 };
  const heads = { headCount: 4, headSize: 16, keyValueHeadCount: 4, layerCount: 1 };
  await writeRandomModel(path, { ...config, ...heads }, { dtype: "f16" });
  const narrow = await assertRejects(
    () => load(path, { cacheDtype: "q8_0" }),
    QorusError,
    "heads of 16: take f16",
  );
  assertEquals([narrow.code, narrow.expected], ["invalid_argument", "f16"]);
});

test("--cache-dtype: another cache, the same story", async () => {
  const given = ["generate", prompt, "--max-tokens", "40"];
  const plain = await runCommandLine(given);
  const { stdout, code } = await runCommandLine([...given, "--cache-dtype", "q8_0"]);
  assertEquals([stdout, code], [plain.stdout, 0]);
  const wrong = await runCommandLine([...given, "--cache-dtype", "q4_0"]);
  assertEquals(wrong.code, 2);
});
