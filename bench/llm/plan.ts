/**
 * What to measure, and how long.
 *
 * @module
 */

import type { Arguments, OptionDefinitions } from "../../lib/cli/arguments.ts";
import { readThreadCounts, readWords } from "../../tools/support/program.ts";
import {
  type ModelDType,
  modelDTypes,
  type ShapeName,
  shapes,
} from "../../tools/support/random_model.ts";

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

const defaultDTypes = ["q4_0", "q8_0", "f16", "bf16", "q4_k_m"] as const;

/** The options of the benchmark. */
export const options = {
  rows: {
    kind: "text",
    help: `${rowNames.join(", ")}, separated by commas (default: all)`,
  },
  shapes: {
    kind: "text",
    help: "of the models: 1.1b, 1b-128k (default: both)",
  },
  dtypes: {
    kind: "text",
    help: `${modelDTypes.join(", ")} (default: ${defaultDTypes.join(",")})`,
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

/** What the command line asks for. */
export function readPlan(
  { options: values, positionals }: Arguments<typeof options>,
  defaultFolder: string,
): Plan {
  const { quick = false } = values;
  return {
    rows: new Set(readWords("--rows", values.rows, rowNames)),
    shapes: readWords("--shapes", values.shapes, Object.keys(shapes) as ShapeName[]),
    dtypes: readWords("--dtypes", values.dtypes, modelDTypes, defaultDTypes),
    threads: readThreadCounts(values.threads),
    files: positionals,
    folder: values.models ?? defaultFolder,
    layers: values.layers ?? (quick ? 4 : undefined),
    prefillTokens: values.prefillTokens ?? (quick ? 128 : 512),
    decodeTokens: values.decodeTokens ?? (quick ? 16 : 128),
    repeat: values.repeat ?? (quick ? 3 : 5),
    json: values.json ?? false,
  };
}
