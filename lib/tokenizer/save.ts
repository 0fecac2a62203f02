/**
 * Saves a tokenizer in Hugging Face's form.
 *
 * @module
 */

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { QorusError } from "../native/error.ts";
import { toTokenizerConfig, toTokenizerJson } from "./to_tokenizer_json.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Writes a file that appears under its name whole or not at all. */
function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.partial`;
  try {
    writeFileSync(temporary, text, { flush: true });
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw systemError(path, cause);
  }
}

function systemError(path: string, cause: unknown): QorusError {
  const missing = (cause as { code?: string }).code === "ENOENT";
  return new QorusError(
    missing ? "not_found" : "io",
    missing
      ? `${path}: the folder that the tokenizer is to be saved in does not exist; make it first`
      : `${path}: the tokenizer cannot be saved: ${cause instanceof Error ? cause.message : cause}`,
    { op: "saveTokenizer", path, cause },
  );
}

/**
 * Saves a tokenizer as the `tokenizer.json` that Hugging Face's `tokenizers` and
 * {@linkcode loadTokenizer} read, giving the same ids.
 *
 * A path that ends in `.json` is that file. Any other is a folder, made where it is missing, that
 * gets `tokenizer.json` and `tokenizer_config.json`; only the latter says which special tokens
 * begin and end a text where their names and the ids around an encoded text do not. `transformers`
 * loads such a folder with `AutoTokenizer.from_pretrained`.
 *
 * @throws QorusError `not_found` or `io` where the system refuses, `unsupported` where the format
 * cannot say what the tokenizer does.
 *
 * @example
 * ```ts
 * saveTokenizer("tokenizer.json", tokenizer);
 * const again = loadTokenizer({ kind: "file", path: "tokenizer.json" });
 * ```
 */
export function saveTokenizer(path: string, tokenizer: Tokenizer): void {
  const { definition } = tokenizer;
  const json = `${toTokenizerJson(definition)}\n`;
  if (path.endsWith(".json")) {
    writeWhole(path, json);
    return;
  }
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw systemError(path, cause);
  }
  writeWhole(join(path, "tokenizer.json"), json);
  const config = JSON.stringify(toTokenizerConfig(definition), null, 2);
  writeWhole(join(path, "tokenizer_config.json"), `${config}\n`);
}
