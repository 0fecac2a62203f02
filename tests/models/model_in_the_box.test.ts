import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { configOf, recipes } from "../../examples/tiny-llama/recipe.ts";
import { story } from "../../examples/tiny-llama/stories.ts";
import type { LanguageModel } from "../../lib/llm/language_model.ts";
import { load } from "../../lib/llm/load.ts";
import { lossOf } from "../support/text_loss.ts";

const path = fileURLToPath(new URL("../../models/tiny.qorus", import.meta.url));
const { box } = recipes;
/** A series of stories that neither training nor tokenizer have seen. */
const otherSeed = 4;

async function write(llm: LanguageModel, prompt: string, seed?: number): Promise<string> {
  let text = prompt;
  const chance = seed === undefined ? {} : { temperature: 0.7, topP: 0.9, seed };
  for await (const token of llm.generate(prompt, { maxTokens: 200, ...chance })) text += token.text;
  return text;
}

function wordsOf(text: string): string[] {
  return text.match(/[A-Za-z]+(?:'[a-z]+)?/g) ?? [];
}

test("the model in the box is the recipe's, in at most 4 MB", async () => {
  assert(statSync(path).size <= 4_000_000);
  using llm = await load(path);
  assertEquals(llm.config, configOf(box, box.vocabSize));
  assertMatch(llm.note ?? "", /models\/README\.md/);
  const card = readFileSync(new URL("../../models/README.md", import.meta.url), "utf8");
  for (const figure of [llm.parameterCount, box.steps]) {
    assert(card.includes(figure.toLocaleString("en")), `${figure}`);
  }
});

test("the model in the box writes stories of its words that come to an end", async () => {
  using llm = await load(path);
  const known = new Set(
    Array.from({ length: 4000 }, (_, i) => story(i, otherSeed))
      .flatMap((text) => wordsOf(text.toLowerCase())),
  );
  const prompts = ["", "Once upon a time", "One day, a little girl named Lily", "Tom and Lily"];
  const texts: string[] = [];
  for (const prompt of prompts) {
    for (const seed of [undefined, 1, 2]) texts.push(await write(llm, prompt, seed));
  }
  const words = texts.flatMap(wordsOf);
  // Names may be any, and begin with capital letters.
  const unknown = words.filter((word) => /^[a-z]/.test(word) && !known.has(word));
  assert(unknown.length < 0.01 * words.length, unknown.join(" "));
  for (const text of texts) {
    assert(wordsOf(text).length > 30, text);
    assert(new Set(wordsOf(text)).size > 20, text);
  }
  const finished = texts.filter((text) => /[.!?]"?$/.test(text));
  assert(finished.length >= texts.length * 0.8, `${finished.length} of ${texts.length}`);
});

test("the model in the box predicts stories that it has not seen", async () => {
  using llm = await load(path);
  const texts = Array.from({ length: 20 }, (_, i) => story(i, otherSeed));
  const loss = lossOf(llm, texts);
  // An even guess among 2,048 tokens: 7.6 nats. Quantized weights cost less than 0.01.
  assert(loss < 0.4, `${loss} nats per token`);
});
