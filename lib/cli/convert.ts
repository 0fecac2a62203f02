/**
 * `qorus convert`: writes a model in another format or element type.
 *
 * @module
 */

import { convertModel } from "../llm/convert.ts";
import { type OptionDefinitions, readArguments, UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { formatBytes } from "./format.ts";
import { printMessage } from "./output.ts";
import { ProgressBar } from "./progress.ts";

const options = {
  dtype: {
    kind: "choice",
    choices: ["q4_0", "q8_0", "f16", "bf16", "f32"],
    help: "element type of the matrices (default: as they are)",
  },
  tokenizer: {
    kind: "text",
    placeholder: "PATH",
    help: "the tokenizer's file, for models without one inside",
  },
} as const satisfies OptionDefinitions;

async function run(given: readonly string[], signal: AbortSignal): Promise<void> {
  const { options: values, positionals } = readArguments(given, options, 2);
  const [input, output] = positionals;
  if (output === undefined) throw new UsageError("expected two paths: the model and the new file");
  const start = performance.now();
  using progress = new ProgressBar();
  const { byteLength, tensorCount, warnings } = await convertModel(input, output, {
    ...values,
    signal,
    onProgress: ({ tensor, bytesDone, bytesTotal }) =>
      progress.update(bytesTotal === 0 ? 1 : bytesDone / bytesTotal, tensor),
  });
  progress[Symbol.dispose]();
  for (const warning of warnings) printMessage(`warning: ${warning}`);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  printMessage(`${output}: ${tensorCount} tensors, ${formatBytes(byteLength)}, in ${seconds} s`);
}

/** Writes a model in another format or element type. */
export const command: Command = {
  name: "convert",
  summary: "Writes a model in another format or element type.",
  parameters: "IN OUT",
  details:
    "OUT's name decides the format: .qorus, .gguf, .safetensors, or a Hugging Face folder.\n" +
    "It appears when it is whole; an interrupted conversion leaves nothing.",
  options,
  examples: [
    "qorus convert ./SmolLM2-135M smollm2.qorus --dtype q8_0",
    "qorus convert stories15M.bin stories15M.gguf --tokenizer tokenizer.bin --dtype f16",
  ],
  run,
};
