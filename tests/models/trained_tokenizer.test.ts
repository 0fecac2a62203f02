/** Models with a tokenizer that Qorus trained: saved, converted, loaded, generating. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { load } from "../../lib/llm/load.ts";
import { convertModel } from "../../lib/llm/convert.ts";
import { saveTokenizer, trainBpe } from "../../lib/tokenizer/mod.ts";
import { randomTexts } from "../support/random_text.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { quantizableConfig, writeTinyFolder } from "../support/tiny_model.ts";

test("a model with a trained tokenizer converts to every format and generates", async () => {
  using folder = new TemporaryFolder();
  const texts = randomTexts(8, 100);
  const tokenizer = await trainBpe(texts, 400, { beginToken: "<|endoftext|>", addBos: true });
  const config = { ...quantizableConfig, vocabSize: tokenizer.vocabSize, contextLength: 64 };
  const model = await writeTinyFolder(folder.file("model"), config);
  saveTokenizer(model, tokenizer);
  const [qorus, gguf, again] = ["model.qorus", "model.gguf", "again"].map((name) =>
    folder.file(name)
  );
  await convertModel(model, qorus);
  await convertModel(model, gguf);
  await convertModel(gguf, again);
  const outputs: string[] = [];
  for (const path of [model, qorus, gguf, again]) {
    using llm = await load(path);
    for (const text of texts) assertEquals(llm.tokenizer.encode(text), tokenizer.encode(text));
    assertEquals(llm.tokenizer.beginToken, 256);
    const pieces: string[] = [];
    for await (const { text } of llm.generate("the", { maxTokens: 12, temperature: 0 })) {
      pieces.push(text);
    }
    outputs.push(pieces.join(""));
  }
  assertEquals(outputs, Array(4).fill(outputs[0]));
});
