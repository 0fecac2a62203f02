/**
 * What to measure, and how long.
 *
 * @module
 */

import { type OptionDefinitions, readArguments, UsageError } from "../../lib/cli/arguments.ts";
import {
  type ModelDType,
  modelDTypes,
  type ShapeName,
  shapes,
} from "../../tools/support/random_model.ts";

const options = {
  rows: {
    kind: "text",
    help: "what to measure, separated by commas (default: all)",
  },
  shapes: {
    kind: "text",
    help: "of the models: 1.1b, 1b-128k (default: both)",
  },
  dtypes: {
    kind: "text",
    help: "of the models (default: q4_0,q8_0,f16,bf16,q4_k_m)",
  },
  threads: {
    kind: "text",
    help: "thread counts, separated by commas (default: 1,2)",
  },
  models: {
    kind: "text",
    help: "folder where models are made when missing (default: bench/models)",
  },
  layers: {
    kind: "integer",
    least: 1,
    most: 1000,
    help: "of the models, instead of their own number",
  },
  prefillTokens: {
    kind: "integer",
    least: 1,
    help: "tokens of the prompt (default: 512)",
  },
  decodeTokens: {
    kind: "integer",
    least: 1,
    help: "tokens decoded after it (default: 128)",
  },
  repeat: {
    kind: "integer",
    least: 1,
    most: 1000,
    help: "turns of each (default: 5)",
  },
  quick: {
    kind: "flag",
    help: "4 layers, 128 and 16 tokens, 3 turns, unless given",
  },
  json: { kind: "flag", help: "print JSON" },
} as const satisfies OptionDefinitions;

/** Parts of the table. */
export const rowNames = [
  "prefill",
  "decode",
  "sequences",
  "load",
  "context",
  "avx2",
  "bandwidth",
  "sampling",
  "typescript",
  "lookup",
] as const;

/** A part of the table. */
export type RowName = typeof rowNames[number];

/** What to measure, and how long. */
export interface Plan {
  readonly rows: ReadonlySet<RowName>;
  readonly shapes: readonly ShapeName[];
  readonly dtypes: readonly ModelDType[];
  readonly threads: readonly number[];
  /** Models to measure instead of those by shape and dtype. */
  readonly files: readonly string[];
  /** Where models are made. */
  readonly folder: string;
  readonly layers?: number;
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  readonly repeat: number;
  readonly json: boolean;
}

function readList<T extends string>(
  name: string,
  text: string | undefined,
  all: readonly T[],
  byDefault: readonly T[] = all,
): T[] {
  if (text === undefined) return [...byDefault];
  return text.split(",").map((item) => {
    const found = all.find((known) => known === item);
    if (found !== undefined) return found;
    throw new UsageError(
      `--${name}: ${JSON.stringify(item)} is given, expected of ${all.join(",")}`,
    );
  });
}

function readThreads(text: string): number[] {
  const counts = text.split(",").map(Number);
  if (
    counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 256)
  ) return counts;
  throw new UsageError(
    `--threads: ${JSON.stringify(text)} is given, expected numbers such as 1,2`,
  );
}

/** Reads the command line. */
export function readPlan(
  given: readonly string[],
  defaultFolder: string,
): Plan {
  const { options: values, positionals } = readArguments(given, options, 100);
  const { quick = false } = values;
  return {
    rows: new Set(readList("rows", values.rows, rowNames)),
    shapes: readList(
      "shapes",
      values.shapes,
      Object.keys(shapes) as ShapeName[],
    ),
    dtypes: readList("dtypes", values.dtypes, modelDTypes, [
      "q4_0",
      "q8_0",
      "f16",
      "bf16",
      "q4_k_m",
    ]),
    threads: readThreads(values.threads ?? "1,2"),
    files: positionals,
    folder: values.models ?? defaultFolder,
    layers: values.layers ?? (quick ? 4 : undefined),
    prefillTokens: values.prefillTokens ?? (quick ? 128 : 512),
    decodeTokens: values.decodeTokens ?? (quick ? 16 : 128),
    repeat: values.repeat ?? (quick ? 3 : 5),
    json: values.json ?? false,
  };
}
