/**
 * Training data: a text file, or stories.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { QorusError, type Tokenizer, train, trainBpe } from "@qorus/qorus";
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
/** Series of stories: seeds of their own keep them apart from the training's. */
const seriesOf = { training: 1, tokenizer: 2, validation: 3 } as const;

const specialTokens = ["<s>", "</s>"];

/** Stories, each of which is seen once at most. */
export async function storyData(recipe: Recipe): Promise<TrainingData> {
  const texts = Array.from({ length: tokenizerStories }, (_, i) => story(i, seriesOf.tokenizer));
  const tokenizer = await trainBpe(texts, recipe.vocabSize, { specialTokens, addBos: true });
  const windows = (count: number, seed: number) =>
    new StoryWindows(count, { tokenizer, seed, windowLength: recipe.contextLength });
  return {
    tokenizer,
    training: windows(recipe.steps * recipe.batchSize, seriesOf.training),
    validation: windows(validationWindows, seriesOf.validation),
    isDrawn: false,
  };
}

/** The share of a text file that is trained on; its end is for validation. */
const trainingShare = 0.9;

/**
 * Windows of a text file.
 *
 * @throws {QorusError} `not_found` where there is no such file, `invalid_argument` where the text is
 * too short.
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

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new QorusError("not_found", `${path}: the text cannot be read: ${problem}`, {
      path,
      cause,
    });
  }
}
