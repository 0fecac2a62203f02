/**
 * Saves a network in every format that Qorus writes, loads each file and has it write the same
 * text.
 *
 *   bun examples/export/main.ts [MODEL] [--output FOLDER] [--steps N] [--seed N] [--prompt TEXT]
 *   deno run -A examples/export/main.ts [MODEL] [--output FOLDER] [--steps N] [--seed N]
 *
 * Without a model it trains a small one first.
 *
 * @module
 */

import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type LanguageModel,
  languageModel,
  Llama,
  load,
  saveModel,
  type Tokenizer,
  type WeightDType,
} from "@qorus/qorus";
import { makeFolder } from "../support/make_folder.ts";
import { runExample } from "../support/run_example.ts";
import { trainSmall } from "./train_small.ts";

/** Names and types to save as; a name without extension is a folder in Hugging Face's form. */
const exports: readonly [name: string, dtype: WeightDType][] = [
  ["huggingface-f32", "f32"],
  ["huggingface-f16", "f16"],
  ["model-f32.gguf", "f32"],
  ["model-q8_0.gguf", "q8_0"],
  ["model-f32.qorus", "f32"],
  ["model-q8_0.qorus", "q8_0"],
];
const sampleTokens = 40;

/** What a model continues the prompt with, always taking the most likely token. */
async function write(llm: LanguageModel, prompt: string): Promise<string> {
  let text = "";
  for await (const token of llm.generate(prompt, { maxTokens: sampleTokens })) text += token.text;
  return text;
}

/** Bytes of a file, or of all files in a folder. */
function bytesOf(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

/** Says where another text leaves the first. */
function compare(text: string, expected: string): string {
  if (text === expected) return "the same";
  let same = 0;
  while (text[same] === expected[same]) same++;
  return `differs from character ${same + 1} on`;
}

async function exportAll(
  network: Llama,
  tokenizer: Tokenizer,
  folder: string,
  prompt: string,
): Promise<void> {
  using live = languageModel(network, { tokenizer });
  const expected = await write(live, prompt);
  console.log(`${prompt}${expected}\n`);

  makeFolder(folder);
  console.log("file                   bytes  text");
  for (const [name, dtype] of exports) {
    const path = join(folder, name);
    rmSync(path, { recursive: true, force: true }); // what an earlier run left
    await saveModel(path, network, { tokenizer, dtype });
    using llm = await load(path);
    const text = compare(await write(llm, prompt), expected);
    console.log(name.padEnd(18), String(bytesOf(path)).padStart(9), "", text);
  }
}

await runExample(
  {
    positionals: ["MODEL"],
    options: { output: "runs/export", steps: 200, seed: 1, prompt: "Mary had a little" },
  },
  async ({ output, steps, seed, prompt }, path) => {
    if (path === undefined) {
      const { network, tokenizer } = await trainSmall(steps, seed);
      using _ = network;
      return await exportAll(network, tokenizer, output, prompt);
    }
    using llm = await load(path);
    using network = new Llama(llm.config); // of its own: quantized weights become f32 again
    network.loadStateDict(llm.network.stateDict());
    await exportAll(network, llm.tokenizer, output, prompt);
  },
);
