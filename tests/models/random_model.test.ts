/** Models with random weights, as benchmarks use them: they load, compute and repeat. */

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { scope } from "../../lib/core/scope.ts";
import type { ModelConfig } from "../../lib/formats/types.ts";
import { load } from "../../lib/llm/load.ts";
import { modelDTypes, shapes, writeRandomModel } from "../../tools/support/random_model.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const narrowConfig: ModelConfig = {
  ...shapes["1.1b"],
  vocabSize: 1000,
  hiddenSize: 64,
  intermediateSize: 160,
  layerCount: 2,
  headCount: 4,
  headSize: 16,
  keyValueHeadCount: 2,
  contextLength: 32,
};

/** Rows of whole blocks of K-quants. */
const wideConfig: ModelConfig = {
  ...narrowConfig,
  hiddenSize: 256,
  intermediateSize: 512,
  headSize: 64,
  contextLength: 256,
};

for (const dtype of modelDTypes) {
  test(`a random ${dtype} model gives logits of the size its weights promise`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("random.gguf");
    const config = dtype.includes("_k_") ? wideConfig : narrowConfig;
    // The standard deviation that weights of 0.02 give to the product with normalized inputs.
    const expectedDeviation = 0.02 * Math.sqrt(config.hiddenSize);
    await writeRandomModel(path, config, { dtype });
    using llm = await load(path);
    assertEquals(llm.config.layerCount, config.layerCount);
    using _ = scope();
    const logits = llm.forward([1, 300, 400, 500]).read() as Float32Array;
    assertEquals(logits.length, 4 * config.vocabSize);
    const deviation = Math.sqrt(logits.reduce((sum, x) => sum + x * x, 0) / logits.length);
    assert(deviation > 0.7 * expectedDeviation && deviation < 1.4 * expectedDeviation);
  });
}

test("a random model's tokenizer joins letters to words and gives text back", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("random.gguf");
  await writeRandomModel(path, { ...narrowConfig, tiedEmbeddings: true }, { dtype: "q8_0" });
  using llm = await load(path);
  assertEquals(llm.tokenizer.vocabSize, narrowConfig.vocabSize);
  const text = "notes on Ünicode";
  const ids = llm.tokenizer.encode(text);
  assertEquals(llm.tokenizer.decode(ids, { skipSpecial: true }), text);
  assert(ids.length < text.length, "no letters were joined");
});

test("the same seed gives the same file, another seed another", async () => {
  using folder = new TemporaryFolder();
  const bytesOf = async (seed: number, name: string) => {
    await writeRandomModel(folder.file(name), narrowConfig, { dtype: "q4_0", seed });
    return readFileSync(folder.file(name));
  };
  const first = await bytesOf(1, "a.gguf");
  assert(first.equals(await bytesOf(1, "b.gguf")));
  const other = await bytesOf(2, "c.gguf");
  assert(!first.equals(other));
});
