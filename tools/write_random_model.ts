/**
 * Writes a Llama-shaped GGUF file with random weights, to measure speed with.
 *
 *   bun tools/write_random_model.ts /tmp/models/1.1b-q8_0.gguf --shape 1.1b --dtype q8_0
 *   deno run -A tools/write_random_model.ts small.gguf --shape 1.1b --dtype q4_0 --layers 2
 *
 * @module
 */

import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Arguments, type OptionDefinitions, UsageError } from "../lib/cli/arguments.ts";
import { formatBytes } from "../lib/cli/format.ts";
import { ProgressBar } from "../lib/cli/progress.ts";
import { runProgram } from "./support/program.ts";
import { modelDTypes, shapes, writeRandomModel } from "./support/random_model.ts";

const options = {
  shape: { kind: "choice", choices: ["1.1b", "1b-128k"], help: "sizes (default: 1.1b)" },
  dtype: {
    kind: "choice",
    choices: modelDTypes,
    help: "element type of the matrices (default: q8_0)",
  },
  layers: { kind: "integer", least: 1, most: 1000, help: "instead of the shape's own number" },
  seed: { kind: "integer", least: 0, help: "the same seed gives the same file (default: 1)" },
} as const satisfies OptionDefinitions;

async function main(
  { options: values, positionals }: Arguments<typeof options>,
): Promise<void> {
  const [path] = positionals;
  if (path === undefined) {
    throw new UsageError("expected the new file's path, and --shape, --dtype, --layers or --seed");
  }
  const shape = shapes[values.shape ?? "1.1b"];
  const config = { ...shape, layerCount: values.layers ?? shape.layerCount };
  mkdirSync(dirname(resolve(path)), { recursive: true });
  const start = performance.now();
  {
    using progress = new ProgressBar();
    await writeRandomModel(path, config, {
      dtype: values.dtype ?? "q8_0",
      seed: values.seed,
      onProgress: ({ tensor, bytesDone, bytesTotal }) =>
        progress.update(bytesDone / bytesTotal, tensor),
    });
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.error(`${path}: ${formatBytes(statSync(path).size)} in ${seconds} s`);
}

await runProgram({
  name: "bun tools/write_random_model.ts",
  summary: "Writes a GGUF file of a real size with random weights.",
  parameters: "PATH",
  most: 1,
  options,
  examples: ["bun tools/write_random_model.ts random.gguf --shape 1.1b --dtype q8_0 --layers 4"],
}, main);
