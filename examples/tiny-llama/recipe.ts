/**
 * How a network is made and trained: all that decides the result, but for the data.
 *
 * @module
 */

import { type ModelConfig, QorusError } from "@qorus/qorus";

/** Sizes of the network and the course of its training. */
export interface Recipe {
  /** Seeds initial weights and the order of the data. */
  readonly seed: number;
  /** Tokens of the vocabulary, at most. */
  readonly vocabSize: number;
  /** Longest sequence, in tokens; windows of the text are as long. */
  readonly contextLength: number;
  /** Width of the residual stream, a multiple of 32; there is an attention head for each 32. */
  readonly hiddenSize: number;
  /** Blocks. */
  readonly layerCount: number;
  /** Windows of a batch. */
  readonly batchSize: number;
  /** Updates of the weights. */
  readonly steps: number;
  /** Updates on the simplest stories; later ones have many names. Texts in files do not ask. */
  readonly simpleSteps: number;
  /** Updates in which the learning rate rises. */
  readonly warmupSteps: number;
  /** Highest learning rate, reached after the rise; falls to a twentieth along a cosine. */
  readonly learningRate: number;
  /** Weight decay of matrices. */
  readonly weightDecay: number;
  /** Largest norm of the gradients. */
  readonly clipNorm: number;
  /** What the model's file says to its users. */
  readonly note?: string;
  /** Updates between validations, each with a checkpoint and a sample of text. */
  readonly validateEverySteps: number;
}

/** The model in the box, models/tiny.qorus. */
const box: Recipe = {
  seed: 1,
  vocabSize: 2048,
  contextLength: 256,
  hiddenSize: 160,
  layerCount: 6,
  batchSize: 8,
  steps: 14_000,
  simpleSteps: 5000,
  warmupSteps: 200,
  learningRate: 2e-3,
  weightDecay: 0.1,
  clipNorm: 1,
  validateEverySteps: 500,
  note: "This is the tiny model in the box, which Qorus trained on made-up stories for children " +
    "(models/README.md); name another with --model.",
};

/** Done in a few minutes. */
const small: Recipe = {
  ...box,
  note: undefined,
  vocabSize: 512,
  contextLength: 128,
  hiddenSize: 128,
  layerCount: 4,
  batchSize: 16,
  steps: 1000,
  simpleSteps: 1000,
  warmupSteps: 100,
  validateEverySteps: 250,
};

/** Recipes by name. */
export const recipes: Readonly<Record<string, Recipe>> = { small, box };

/** Rows of quantized matrices consist of blocks of so many weights. */
const blockSize = 32;

/**
 * The recipe of a name with numbers of one's own; 0 leaves a number as it is.
 *
 * @throws {QorusError} `invalid_argument` for another name, or a width that cannot be.
 */
export function recipeOf(name: string, numbers: Partial<Recipe>): Recipe {
  const recipe = Object.hasOwn(recipes, name) ? recipes[name] : undefined;
  if (recipe === undefined) {
    const expected = Object.keys(recipes).join(" or ");
    throw invalid(`--recipe is "${name}", expected ${expected}`, name);
  }
  const given = Object.entries(numbers).filter(([, value]) => value !== 0);
  const changed: Recipe = { ...recipe, ...Object.fromEntries(given) };
  const { hiddenSize, steps } = changed;
  if (hiddenSize % blockSize !== 0) {
    throw invalid(`--width is ${hiddenSize}, expected a multiple of ${blockSize}`, hiddenSize);
  }
  return {
    ...changed,
    warmupSteps: Math.min(changed.warmupSteps, Math.ceil(steps / 10)),
    validateEverySteps: Math.min(changed.validateEverySteps, steps),
  };
}

function invalid(message: string, given: string | number): QorusError {
  return new QorusError("invalid_argument", message, { op: "tiny-llama", given });
}

/** The network of a recipe: all sizes are multiples of 32, so that every matrix fits Q8_0. */
export function configOf(recipe: Recipe, vocabSize: number): ModelConfig {
  const { hiddenSize, layerCount, contextLength } = recipe;
  const headCount = hiddenSize / blockSize;
  return {
    architecture: "llama",
    vocabSize,
    hiddenSize,
    intermediateSize: blockSize * Math.ceil(hiddenSize * 8 / 3 / blockSize),
    layerCount,
    headCount,
    keyValueHeadCount: headCount,
    headSize: blockSize,
    contextLength,
    normEpsilon: 1e-5,
    ropeBase: 10000,
    ropeStyle: "half",
    tiedEmbeddings: true,
    attentionBias: false,
  };
}
