/**
 * `qorus info`: what runs here, or what a model file holds.
 *
 * @module
 */

import process from "node:process";
import { openCheckpoint } from "../formats/checkpoint.ts";
import type { Checkpoint } from "../formats/types.ts";
import { type OptionDefinitions, readArguments } from "./arguments.ts";
import { columns, type Command } from "./command.ts";
import { formatBytes, formatCount } from "./format.ts";
import { printData } from "./output.ts";
import { runtimeName } from "./runtime.ts";
import { version } from "./version.ts";

const options = {
  json: { kind: "flag", help: "print JSON" },
} as const satisfies OptionDefinitions;

/** One line of the table: the JSON's key, the label, the text for people where it differs. */
interface Fact {
  readonly key: string;
  readonly label: string;
  readonly value: unknown;
  readonly text?: string;
}

/** What runs here. Only this part needs the native library. */
async function libraryFacts(): Promise<Fact[]> {
  const { libraryInfo } = await import("../core/context.ts");
  const info = libraryInfo();
  return [
    { key: "version", label: "Qorus", value: version },
    { key: "runtime", label: "runtime", value: runtimeName() },
    { key: "system", label: "system", value: `${process.platform}-${process.arch}` },
    { key: "isa", label: "instruction set", value: info.isa },
    { key: "multipliesBf16", label: "multiplies bf16", value: info.multipliesBf16 },
    { key: "threads", label: "threads", value: info.threads },
    { key: "libraryPath", label: "library", value: info.libraryPath },
    { key: "abiVersion", label: "ABI version", value: info.abiVersion },
  ];
}

/** Number of tensors and bytes for each dtype, layouts apart. */
function countDtypes({ tensors }: Checkpoint): Record<string, { tensors: number; bytes: number }> {
  const counts: Record<string, { tensors: number; bytes: number }> = {};
  for (const { dtype, layout, byteLength } of tensors.values()) {
    const name = layout === "rows" ? dtype : `${dtype} (${layout})`;
    const count = counts[name] ??= { tensors: 0, bytes: 0 };
    count.tensors++;
    count.bytes += byteLength;
  }
  return counts;
}

/** What a model file holds, from its header alone. */
function modelFacts(path: string): Fact[] {
  const checkpoint = openCheckpoint(path);
  const { config, format, tensors, tokenizer, chatTemplate } = checkpoint;
  const dtypes = countDtypes(checkpoint);
  const parts = Object.entries(dtypes).map(([name, count]) =>
    `${name}: ${count.tensors} tensors, ${formatBytes(count.bytes)}`
  );
  let parameters = 0;
  let bytes = 0;
  for (const { shape, byteLength } of tensors.values()) {
    parameters += shape.reduce((product, size) => product * size, 1);
    bytes += byteLength;
  }
  const heads = `${config.headCount} of ${config.headSize}, ` +
    `${config.keyValueHeadCount} for keys and values`;
  return [
    { key: "path", label: "model", value: path },
    { key: "format", label: "format", value: format },
    { key: "architecture", label: "architecture", value: config.architecture },
    {
      key: "parameters",
      label: "parameters",
      value: parameters,
      text: formatCount(parameters),
    },
    { key: "bytes", label: "size", value: bytes, text: formatBytes(bytes) },
    { key: "dtypes", label: "dtypes", value: dtypes, text: parts.join("; ") },
    { key: "contextLength", label: "context", value: config.contextLength },
    { key: "vocabSize", label: "vocabulary", value: config.vocabSize },
    { key: "layerCount", label: "layers", value: config.layerCount },
    { key: "hiddenSize", label: "width", value: config.hiddenSize },
    { key: "intermediateSize", label: "inner width", value: config.intermediateSize },
    {
      key: "heads",
      label: "heads",
      value: {
        count: config.headCount,
        keyValueCount: config.keyValueHeadCount,
        size: config.headSize,
      },
      text: heads,
    },
    {
      key: "tokenizer",
      label: "tokenizer",
      value: tokenizer !== undefined,
      text: tokenizer === undefined ? "none inside" : "inside",
    },
    {
      key: "chatTemplate",
      label: "chat template",
      value: chatTemplate !== undefined,
      text: chatTemplate === undefined ? "none" : "inside",
    },
  ];
}

async function run(given: readonly string[]): Promise<void> {
  const { options: values, positionals } = readArguments(given, options, 1);
  const facts = positionals.length > 0 ? modelFacts(positionals[0]) : await libraryFacts();
  if (values.json) {
    const object = Object.fromEntries(facts.map(({ key, value }) => [key, value]));
    printData(JSON.stringify(object, null, 2));
    return;
  }
  printData(columns(facts.map(({ label, value, text }) => [label, text ?? String(value)])));
}

/** What runs here, or what a model file holds. */
export const command: Command = {
  name: "info",
  summary: "Describes this machine's Qorus, or a model file.",
  parameters: "[MODEL]",
  options,
  examples: ["qorus info", "qorus info model.gguf", "qorus info ./SmolLM2-135M --json"],
  run,
};
