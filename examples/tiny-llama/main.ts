/**
 * Trains a small Llama on a text file, with a tokenizer of its own, and lets it write.
 *
 *   bun examples/tiny-llama/main.ts TEXT_FILE
 *   deno run -A examples/tiny-llama/main.ts TEXT_FILE
 *
 * With `--stories` it trains the model in the box, models/tiny.qorus.
 *
 * @module
 */

import { mkdirSync } from "node:fs";
import process from "node:process";
import { QorusError } from "@qorus/qorus";
import { readArguments } from "./arguments.ts";
import { storyData, textData } from "./data.ts";
import { trainNetwork } from "./training.ts";

async function main(given: readonly string[]): Promise<void> {
  const { textPath, folder, recipe } = readArguments(given);
  mkdirSync(folder, { recursive: true });
  const data = textPath === undefined ? await storyData(recipe) : await textData(textPath, recipe);
  const { loss, path } = await trainNetwork(recipe, data, folder);
  console.log(`validation loss ${loss.toFixed(4)}; the model is ${path}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof QorusError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
