/**
 * Opening language models.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { openCheckpoint } from "../formats/checkpoint.ts";
import type { Checkpoint, TokenizerSource } from "../formats/types.ts";
import { QorusError } from "../native/error.ts";
import { loadTokenizer } from "../tokenizer/load.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { LanguageModel } from "./language_model.ts";
import type { LoadOptions } from "./types.ts";

/**
 * Opens a language model: a `.qorus`, `.gguf` or llama2.c file, or a Hugging Face folder. What it
 * is, the file itself says. Weights are mapped, not read.
 *
 * @throws {QorusError} `not_found`, `io`, `invalid_file` or `unsupported`, naming file and field.
 *
 * @example
 * ```ts
 * import { load } from "@qorus/qorus";
 *
 * using llm = await load("./SmolLM2-135M-Instruct");
 * console.log(llm.config.architecture, llm.parameterCount);
 * ```
 */
// deno-lint-ignore require-await -- a promise leaves room for models that come from elsewhere
export async function load(path: string, options: LoadOptions = {}): Promise<LanguageModel> {
  const start = performance.now();
  const checkpoint = openCheckpoint(path);
  const source = tokenizerSource(checkpoint, options.tokenizer);
  const makeTokenizer = () => matchingTokenizer(checkpoint, source);
  const llm = new LanguageModel({ checkpoint, options, makeTokenizer });
  llm.loadMilliseconds = performance.now() - start;
  return llm;
}

function matchingTokenizer({ path, config }: Checkpoint, source: TokenizerSource): Tokenizer {
  const tokenizer = loadTokenizer(source);
  if (tokenizer.vocabSize <= config.vocabSize) return tokenizer;
  throw new QorusError(
    "invalid_file",
    `${path}: the tokenizer has ${tokenizer.vocabSize} tokens, the model ${config.vocabSize}: ` +
      "they do not belong together",
    { path, given: tokenizer.vocabSize, expected: config.vocabSize },
  );
}

/** The tokenizer asked for, the model's own, or one that lies beside it. */
export function tokenizerSource(checkpoint: Checkpoint, path?: string): TokenizerSource {
  if (path !== undefined) return { kind: "file", path };
  if (checkpoint.tokenizer !== undefined) return checkpoint.tokenizer;
  const folder = checkpoint.format === "huggingface" ? checkpoint.path : dirname(checkpoint.path);
  const names = [
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer.bin",
    `tok${checkpoint.config.vocabSize}.bin`,
  ];
  const found = names.map((name) => join(folder, name)).find((name) => existsSync(name));
  if (found !== undefined) return { kind: "file", path: found };
  throw new QorusError(
    "not_found",
    `${checkpoint.path}: the model has no tokenizer inside, and none of ${names.join(", ")} lies ` +
      `in ${folder}: name one with the option tokenizer (--tokenizer)`,
    { path: checkpoint.path, field: "tokenizer", expected: names },
  );
}
