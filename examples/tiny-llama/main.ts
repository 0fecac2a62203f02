/**
 * Trains a small Llama on a text, with a tokenizer of its own, and lets it write.
 *
 *   bun examples/tiny-llama/main.ts TEXT_FILE
 *   deno run -A examples/tiny-llama/main.ts TEXT_FILE
 *
 * Without a file it reads stories that are made up by rules; with `--recipe box` as well, it makes
 * the model in the box, models/tiny.qorus.
 *
 * @module
 */

import { makeFolder } from "../support/make_folder.ts";
import { runExample } from "../support/run_example.ts";
import { storyData, textData } from "./data.ts";
import { recipeOf } from "./recipe.ts";
import { trainNetwork } from "./training.ts";

const options = {
  folder: "runs/tiny-llama",
  recipe: "small",
  prompt: "Once upon a time",
  steps: 0,
  batch: 0,
  vocabulary: 0,
  context: 0,
  width: 0,
  layers: 0,
  seed: 0,
};

await runExample({ positionals: ["TEXT_FILE"], options }, async (given, path) => {
  const { folder, prompt, steps, seed } = given;
  const recipe = recipeOf(given.recipe, {
    steps,
    seed,
    batchSize: given.batch,
    vocabSize: given.vocabulary,
    contextLength: given.context,
    hiddenSize: given.width,
    layerCount: given.layers,
  });
  const data = path === undefined ? await storyData(recipe) : await textData(path, recipe);
  makeFolder(folder);
  const { loss, modelPath } = await trainNetwork(recipe, data, { folder, prompt });
  console.log(`validation loss ${loss.toFixed(4)}; the model is ${modelPath}`);
});
