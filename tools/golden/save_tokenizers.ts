/**
 * Trains tokenizers on text files and saves them with the ids that they give, so that
 * check_saved_tokenizers.py can compare Hugging Face's tokenizers with them.
 *
 *   bun tools/golden/save_tokenizers.ts FOLDER TEXT...
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import {
  llama3Pattern,
  loadTokenizer,
  qwen2Pattern,
  saveTokenizer,
  trainBpe,
  type TrainBpeOptions,
} from "../../lib/tokenizer/mod.ts";
import { randomTexts } from "../../tests/support/random_text.ts";

const kinds: Readonly<Record<string, TrainBpeOptions>> = {
  gpt2: {},
  llama3: { splitPattern: llama3Pattern, minFrequency: 0 },
  qwen2: {
    splitPattern: qwen2Pattern,
    specialTokens: ["<s>", "</s>", "<pad>", "<|im_end|>"],
    addBos: true,
    addEos: true,
  },
};

const [folder, ...paths] = process.argv.slice(2);
const files = paths.map((path) => readFileSync(path, "utf8"));
const marked = "One.<|endoftext|>Two </s> <s><pad>\r\n\t<|im_end|>";
const texts = [...files, ...randomTexts(1, 300), "", " ", "\n", marked];
writeFileSync(join(folder, "texts.json"), JSON.stringify(texts));
for (const [index, path] of paths.entries()) {
  for (const [kind, options] of Object.entries(kinds)) {
    const tokenizer = await trainBpe(files[index], 1024, options);
    const saved = join(folder, `${basename(path, ".txt")}_${kind}`);
    saveTokenizer(saved, tokenizer);
    const again = loadTokenizer({ kind: "huggingface", folder: saved });
    const ids = texts.map((text) => [...tokenizer.encode(text)]);
    const same = texts.every((text, number) => again.encode(text).join() === ids[number].join());
    if (!same) throw new Error(`${saved}: loaded again it gives other ids`);
    writeFileSync(join(saved, "ids.json"), JSON.stringify(ids));
  }
}
