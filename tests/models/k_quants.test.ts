/** Models in K-quants say what the same weights in f32 say. */

import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { ModelConfig } from "../../lib/formats/types.ts";
import { convertModel } from "../../lib/llm/convert.ts";
import type { LanguageModel } from "../../lib/llm/language_model.ts";
import { load } from "../../lib/llm/load.ts";
import { shapes, writeRandomModel } from "../../tools/support/random_model.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const config: ModelConfig = {
  ...shapes["1.1b"],
  vocabSize: 512,
  hiddenSize: 512,
  intermediateSize: 768,
  layerCount: 3,
  headCount: 8,
  headSize: 64,
  keyValueHeadCount: 4,
  contextLength: 512,
};

const random = new Random(3);
const ids = Array.from({ length: 400 }, () => 300 + random.below(200));

async function logitsOf(path: string): Promise<Float32Array> {
  using llm = await load(path);
  using _ = scope();
  return (llm.forward(ids).read() as Float32Array).slice();
}

/** Places of the largest logit, and how far the second lies behind it. */
function decisions(logits: Float32Array): { best: number; lead: number }[] {
  return ids.map((_, position) => {
    const row = logits.subarray(position * config.vocabSize, (position + 1) * config.vocabSize);
    const largest = Math.max(...row);
    const best = row.indexOf(largest);
    const second = Math.max(...row.subarray(0, best), ...row.subarray(best + 1));
    return { best, lead: largest - second };
  });
}

function deviation(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
}

for (const tiedEmbeddings of [false, true]) {
  const what = tiedEmbeddings ? "tied embeddings" : "an output matrix";
  test(`Q4_K_M with ${what} decides as its f32 copy`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("model.gguf");
    await writeRandomModel(path, { ...config, tiedEmbeddings }, { dtype: "q4_k_m" });
    await convertModel(path, folder.file("f32.gguf"), { dtype: "f32" });
    await convertModel(path, folder.file("packed.qorus"));
    const expected = await logitsOf(folder.file("f32.gguf"));
    const logits = await logitsOf(path);
    assertEquals(logits, await logitsOf(folder.file("packed.qorus")), "repacked when loaded");
    const error = deviation(logits.map((x, i) => x - expected[i])) / deviation(expected);
    // Activations of 8 bits: a step is 1/127 of the largest of 32, an error of 0.6 %.
    assert(error < 0.02, `error ${error}`);
    // Random weights decide by a hair now and then: no lead that is lost is above the rounding.
    const given = decisions(logits);
    const lost = decisions(expected).filter(({ best }, i) => best !== given[i].best);
    const agreed = 1 - lost.length / ids.length;
    assert(agreed >= 0.95, `${agreed} of the positions agree`);
    const largest = Math.max(0, ...lost.map(({ lead }) => lead)) / deviation(expected);
    assert(largest < 6 * error, `a lead of ${largest} was lost`);
  });
}

/** Greedy continuation of a prompt. */
async function greedy(llm: LanguageModel, prompt: string): Promise<number[]> {
  const chosen: number[] = [];
  for await (const { id } of llm.generate(prompt, { maxTokens: 24, temperature: 0 })) {
    chosen.push(id);
  }
  return chosen;
}

test("Q4_K_M generates the same from GGUF and from .qorus", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.gguf");
  await writeRandomModel(path, config, { dtype: "q4_k_m" });
  await convertModel(path, folder.file("packed.qorus"));
  using first = await load(path);
  using second = await load(folder.file("packed.qorus"));
  const text = await greedy(first, "notes on ratios");
  assertEquals(await greedy(second, "notes on ratios"), text);
  assertEquals(text.length, 24);
});
