/**
 * What the example is told on the command line.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { QorusError } from "@qorus/qorus";
import { type Recipe, storiesRecipe, textRecipe } from "./recipe.ts";

/** How to call the example. */
export const usage = `usage: main.ts TEXT_FILE [options]   train on a text
       main.ts --stories [options]   train the model in the box, on stories made up by rules
options:
  --folder PATH        where checkpoints and the model go (default: runs/tiny-llama)
  --steps N            updates of the weights
  --batch-size N       windows of a batch
  --vocab-size N       tokens of the vocabulary
  --context-length N   longest sequence, in tokens
  --hidden-size N      width of the network, a multiple of 32
  --layers N           blocks of the network
  --learning-rate X    highest learning rate
  --seed N             seed of weights and data
  --prompt TEXT        what samples begin with`;

/** What to train, how and where. */
export interface Arguments {
  /** The text file; absent for stories. */
  readonly textPath?: string;
  readonly folder: string;
  readonly recipe: Recipe;
}

function refuse(message: string): QorusError {
  return new QorusError("invalid_argument", `${message}\n${usage}`, { op: "tiny-llama" });
}

function parse(given: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...given],
      allowPositionals: true,
      options: {
        stories: { type: "boolean" },
        folder: text,
        prompt: text,
        steps: text,
        "batch-size": text,
        "vocab-size": text,
        "context-length": text,
        "hidden-size": text,
        layers: text,
        "learning-rate": text,
        seed: text,
      },
    });
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

/** The numbers of the recipe that were given. */
function changes(values: Readonly<Record<string, string | boolean | undefined>>): Partial<Recipe> {
  const numbers: Record<string, Exclude<keyof Recipe, "prompt">> = {
    steps: "steps",
    "batch-size": "batchSize",
    "vocab-size": "vocabSize",
    "context-length": "contextLength",
    "hidden-size": "hiddenSize",
    layers: "layerCount",
    "learning-rate": "learningRate",
    seed: "seed",
  };
  const changed: Partial<Record<Exclude<keyof Recipe, "prompt">, number>> = {};
  for (const [option, field] of Object.entries(numbers)) {
    if (values[option] === undefined) continue;
    const value = Number(values[option]);
    const fits = option === "learning-rate"
      ? value > 0 && value < 1
      : Number.isInteger(value) && value >= (option === "seed" ? 0 : 1);
    if (!fits) throw refuse(`--${option} is ${values[option]}, which is no such number`);
    changed[field] = value;
  }
  return changed;
}

/**
 * Reads the command line.
 *
 * @throws {QorusError} `invalid_argument`, with the usage, when it cannot be understood.
 */
export function readArguments(given: readonly string[]): Arguments {
  const { values, positionals } = parse(given);
  const { stories = false, folder = "runs/tiny-llama", prompt } = values;
  if (positionals.length !== (stories ? 0 : 1)) throw refuse("name one text file, or --stories");
  const base = stories ? storiesRecipe : textRecipe;
  const changed = { ...base, ...changes(values), prompt: prompt ?? base.prompt };
  if (changed.hiddenSize % 32 !== 0) {
    throw refuse(`--hidden-size is ${changed.hiddenSize}, expected a multiple of 32`);
  }
  const { steps } = changed;
  const recipe = {
    ...changed,
    warmupSteps: Math.min(base.warmupSteps, Math.ceil(steps / 10)),
    validateEverySteps: Math.min(base.validateEverySteps, steps),
  };
  return { textPath: positionals[0], folder, recipe };
}
