/** Networks in memory: saved in every format, generated with while they are trained. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { tensor } from "../../lib/core/creation.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import { openCheckpoint } from "../../lib/formats/checkpoint.ts";
import type { ModelConfig } from "../../lib/formats/types.ts";
import { convertModel } from "../../lib/llm/convert.ts";
import { languageModel } from "../../lib/llm/from_network.ts";
import type { LanguageModel } from "../../lib/llm/language_model.ts";
import { load } from "../../lib/llm/load.ts";
import { saveModel } from "../../lib/llm/save.ts";
import { Llama } from "../../lib/models/llama.ts";
import { QorusError } from "../../lib/native/error.ts";
import { crossEntropy } from "../../lib/ops/losses.ts";
import { SGD } from "../../lib/optim/mod.ts";
import { type Tokenizer, trainBpe } from "../../lib/tokenizer/mod.ts";
import { randomTexts } from "../support/random_text.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { quantizableConfig } from "../support/tiny_model.ts";

const texts = randomTexts(4, 100);
const prompt = texts[0].slice(0, 20);

function makeTokenizer(): Promise<Tokenizer> {
  return trainBpe(texts, 300, { specialTokens: ["<s>", "</s>"], addBos: true });
}

function configFor(tokenizer: Tokenizer, ropeStyle: ModelConfig["ropeStyle"]): ModelConfig {
  return { ...quantizableConfig, vocabSize: tokenizer.vocabSize, contextLength: 64, ropeStyle };
}

async function write(llm: LanguageModel, prompt: string): Promise<string> {
  let text = "";
  for await (const token of llm.generate(prompt, { maxTokens: 10 })) text += token.text;
  return text;
}

/** Logits of a sequence, computed as in training. */
function logitsOf(network: Llama, ids: readonly number[]): number[] {
  using _ = scope();
  return [...network.forward(tensor(Int32Array.from(ids)).view([1, ids.length])).read()];
}

for (const ropeStyle of ["half", "neighbouring"] as const) {
  test(`a network (${ropeStyle}) saved in every format is the same network`, async () => {
    using folder = new TemporaryFolder();
    const tokenizer = await makeTokenizer();
    manualSeed(1);
    using network = new Llama(configFor(tokenizer, ropeStyle));
    const ids = [...tokenizer.encode(texts[0])].slice(0, 20);
    const expected = logitsOf(network, ids);
    using live = languageModel(network, { tokenizer });
    const text = await write(live, prompt);
    for (const name of ["a.qorus", "a.gguf", "huggingface"]) {
      const path = folder.file(name);
      const generation = { temperature: 0.5 };
      const report = await saveModel(path, network, { tokenizer, generation });
      assertEquals(report.path, path);
      using llm = await load(path);
      assertEquals(llm.tokenizer.encode(texts[1]), tokenizer.encode(texts[1]));
      const { beginToken, endTokens } = llm.generation;
      assertEquals([beginToken, endTokens], [tokenizer.beginToken, [...tokenizer.endTokens]]);
      if (name !== "a.gguf") assertEquals(llm.generation.temperature, 0.5);
      assertEquals(await write(llm, prompt), text);
      // And the reverse: what is loaded becomes a network that can be trained.
      using copy = new Llama(llm.config);
      copy.loadStateDict(llm.network.stateDict());
      assert(copy.parameters().every(({ dtype, requiresGrad }) => dtype === "f32" && requiresGrad));
      logitsOf(copy, ids).forEach((value, i) => assert(Math.abs(value - expected[i]) < 1e-4));
    }
  });
}

test("a network saved quantized has the bytes of its file converted", async () => {
  using folder = new TemporaryFolder();
  const tokenizer = await makeTokenizer();
  using network = new Llama(configFor(tokenizer, "half"));
  const [whole, direct, converted] = ["f32.gguf", "direct.gguf", "converted.gguf"]
    .map((name) => folder.file(name));
  await saveModel(whole, network, { tokenizer });
  await saveModel(direct, network, { tokenizer, dtype: "q8_0" });
  await convertModel(whole, converted, { dtype: "q8_0" });
  assertEquals(readFileSync(direct), readFileSync(converted));
  // Quantized, the network of a loaded model is saved as it is and dequantized alike.
  using llm = await load(direct);
  await saveModel(folder.file("again.gguf"), llm.network, { tokenizer });
  assertEquals(readFileSync(folder.file("again.gguf")), readFileSync(direct));
  using copy = new Llama(llm.config);
  copy.loadStateDict(llm.network.stateDict());
  const [ids, name] = [[1, 2, 3], "model.layers.0.mlp.gate_proj.weight"];
  assertEquals(llm.network.stateDict().get(name)!.layout, "rows16");
  using _ = scope();
  const expected = llm.forward(ids).read();
  logitsOf(copy, ids).forEach((value, i) => assert(Math.abs(value - expected[i]) < 0.05));
});

test("saveModel: the file says where the model comes from", async () => {
  using folder = new TemporaryFolder();
  const tokenizer = await makeTokenizer();
  using network = new Llama(configFor(tokenizer, "half"));
  const path = folder.file("a.qorus");
  const provenance = { note: "Made for a test." };
  await saveModel(path, network, { tokenizer, chatTemplate: "{{ x }}", provenance });
  const checkpoint = openCheckpoint(path);
  assertEquals(checkpoint.chatTemplate, "{{ x }}");
  assertEquals(checkpoint.provenance, {
    source: "memory",
    format: "memory",
    note: "Made for a test.",
  });
});

test("languageModel: text follows the weights as they change, and disposing leaves them", async () => {
  const tokenizer = await makeTokenizer();
  manualSeed(1);
  using network = new Llama(configFor(tokenizer, "half"));
  {
    using llm = languageModel(network, { tokenizer, contextLength: 32 });
    assertEquals([llm.path, llm.format, llm.contextLength], ["memory", "memory", 32]);
    const before = await write(llm, prompt);
    assertEquals(await write(llm, prompt), before);
    using optimizer = new SGD(network.parameters(), { lr: 0.5 });
    const ids = tokenizer.encode(texts[1]).slice(0, 21);
    for (let step = 0; step < 10; step++) {
      using _ = scope();
      const x = tensor(Int32Array.from(ids.slice(0, -1))).view([1, 20]);
      const logits = network.forward(x).view([20, -1]);
      optimizer.zeroGrad();
      crossEntropy(logits, tensor(Int32Array.from(ids.slice(1)))).backward();
      optimizer.step();
    }
    const after = await write(llm, prompt);
    assertNotEquals(after, before);
    using fresh = languageModel(network, { tokenizer, contextLength: 32 });
    assertEquals(await write(fresh, prompt), after);
  }
  assert(logitsOf(network, [1, 2]).every(Number.isFinite));
});

test("saveModel and languageModel refuse what does not go together", async () => {
  using folder = new TemporaryFolder();
  const tokenizer = await makeTokenizer();
  using small = new Llama({ ...configFor(tokenizer, "half"), vocabSize: 20 });
  const expected = `the tokenizer has ${tokenizer.vocabSize} tokens, the network 20`;
  const error = assertThrows(() => languageModel(small, { tokenizer }), QorusError, expected);
  assertEquals(error.code, "invalid_argument");
  using network = new Llama(configFor(tokenizer, "half"));
  const refused = (path: string, code: string, options = {}) =>
    assertRejects(
      async () => await saveModel(path, network, { tokenizer, ...options }),
      QorusError,
    ).then((error) => assertEquals(error.code, code));
  await refused(folder.file("a.safetensors"), "unsupported", { dtype: "q8_0" });
  await refused(folder.file("a.onnx"), "unsupported");
  await refused(folder.file("none/a.qorus"), "not_found");
  await refused(folder.file("a.qorus"), "aborted", { signal: AbortSignal.abort() });
  mkdirSync(folder.file("full"));
  writeFileSync(folder.file("full/something"), "x");
  await refused(folder.file("full"), "invalid_argument");
});
