/**
 * Training data: a text file, or stories.
 *
 * @module
 */

import { type Tokenizer, train, trainBpe } from "@qorus/qorus";
import { readText } from "../support/text_file.ts";
import type { Recipe } from "./recipe.ts";
import { story } from "./stories.ts";
import { StoryWindows } from "./story_windows.ts";

/** What a network is trained on. */
export interface TrainingData {
  readonly tokenizer: Tokenizer;
  /** Windows of `contextLength` ids. */
  readonly training: train.Dataset<"x" | "y">;
  /** Other windows, to validate with. */
  readonly validation: train.Dataset<"x" | "y">;
  /** Training windows are drawn at random; otherwise each comes once, in its turn. */
  readonly isDrawn: boolean;
}

/** Stories that the tokenizer is trained on. */
const tokenizerStories = 20_000;
/** Windows of stories that no training sees. */
const validationWindows = 64;
/** Series of stories that are kept apart by seeds of their own. */
const seeds = { training: 1, tokenizer: 2, validation: 3 } as const;

/** The begin and the end of a text. */
const specialTokens = ["<s>", "</s>"];

/** Stories made up by rules; each comes once at most. */
export async function storyData(recipe: Recipe): Promise<TrainingData> {
  const texts = Array.from({ length: tokenizerStories }, (_, i) => story(i, seeds.tokenizer));
  const tokenizer = await trainBpe(texts, recipe.vocabSize, { specialTokens, addBos: true });
  const windowLength = recipe.contextLength;
  const simpleWindows = recipe.simpleSteps * recipe.batchSize;
  const windows = (count: number, seed: number) =>
    new StoryWindows(count, { tokenizer, seed, windowLength, simpleWindows });
  return {
    tokenizer,
    training: windows(recipe.steps * recipe.batchSize, seeds.training),
    validation: windows(validationWindows, seeds.validation),
    isDrawn: false,
  };
}

/** The share of a text file that is trained on; its end is for validation. */
const trainingShare = 0.9;

/**
 * Windows of a text file.
 *
 * @throws {QorusError} `not_found` where there is no such file, `invalid_argument` where the text
 * is too short for the recipe.
 */
export async function textData(path: string, recipe: Recipe): Promise<TrainingData> {
  const text = readText(path);
  const cut = Math.floor(text.length * trainingShare);
  const [first, last] = [text.slice(0, cut), text.slice(cut)];
  const tokenizer = await trainBpe(first, recipe.vocabSize, { specialTokens });
  const length = recipe.contextLength;
  return {
    tokenizer,
    training: train.TextWindows.fromText(first, tokenizer, { length, stride: 1 }),
    validation: train.TextWindows.fromText(last, tokenizer, { length }),
    isDrawn: true,
  };
}
