/**
 * Loads a tokenizer from whatever holds one.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { TokenizerSource } from "../formats/types.ts";
import { QorusError } from "../native/error.ts";
import { ByteTokenizer } from "./bytes.ts";
import { ByteLevelTokenizer } from "./byte_level.ts";
import { checkDefinition } from "./check_definition.ts";
import type { TokenizerDefinition } from "./definition.ts";
import { invalidFile, readBytes } from "./file_errors.ts";
import { readGgufTokenizer } from "./from_gguf.ts";
import { readHuggingFaceFolder } from "./from_huggingface.ts";
import { readLlama2c } from "./from_llama2c.ts";
import { readSentencePiece } from "./from_sentencepiece.ts";
import {
  readTiktoken,
  type TiktokenEncoding,
  tiktokenEncoding,
  tiktokenNames,
} from "./from_tiktoken.ts";
import { readTokenizerJson } from "./from_tokenizer_json.ts";
import { JsonFields } from "./json_fields.ts";
import { SentencePieceTokenizer } from "./sentencepiece.ts";
import { parseTokenizer } from "./serialize.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What a source does not say about itself. */
export interface LoadTokenizerOptions {
  /**
   * Pattern and special tokens of a tiktoken rank file, or the name of an encoding: `cl100k_base`,
   * `o200k_base`, `r50k_base`, `p50k_base`, `gpt2`, `llama3`. Default: by the file's name.
   */
  readonly tiktoken?: string | TiktokenEncoding;
}

/**
 * A tokenizer that works as the definition says.
 *
 * @param path The file that the definition is from, for messages.
 * @throws QorusError `invalid_file` or `unsupported` naming the file and the field.
 */
export function createTokenizer(
  definition: TokenizerDefinition,
  path = "the tokenizer",
): Tokenizer {
  const checked = checkDefinition(definition, path);
  switch (checked.kind) {
    case "byteLevel":
      return new ByteLevelTokenizer(checked, path);
    case "sentencePiece":
      return new SentencePieceTokenizer(checked, path);
    case "bytes":
      return new ByteTokenizer(checked, path);
  }
}

function encodingFor(path: string, options: LoadTokenizerOptions): TiktokenEncoding {
  const { tiktoken } = options;
  if (typeof tiktoken === "object") return tiktoken;
  // Llama 3 calls its rank file tokenizer.model.
  const fileName = basename(path) === "tokenizer.model" ? "llama3" : basename(path);
  const name = tiktoken ?? fileName;
  const encoding = tiktokenEncoding(name);
  if (encoding !== undefined) return encoding;
  throw new QorusError(
    "invalid_argument",
    `${path}: a rank file does not say its pattern and special tokens, and "${name}" is no known ` +
      `encoding (${tiktokenNames.join(", ")}); give the option tiktoken`,
    { path, field: "tiktoken", given: name, expected: tiktokenNames },
  );
}

/** Whether a file begins like a rank file: base64, a space, a number. */
function looksLikeRanks(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 256));
  return /^[A-Za-z0-9+/]+={0,2} \d+\r?\n/.test(start);
}

/** The definition in a tokenizer file of any kind that Qorus reads. */
function readFile(path: string, options: LoadTokenizerOptions): TokenizerDefinition {
  const bytes = readBytes(path);
  if (path.endsWith(".tiktoken") || looksLikeRanks(bytes)) {
    return readTiktoken(bytes, path, encodingFor(path, options));
  }
  if (path.endsWith(".json")) {
    const fields = new JsonFields(path);
    return readTokenizerJson(fields.parse(bytes), fields);
  }
  if (path.endsWith(".model")) return readSentencePiece(bytes, path);
  if (path.endsWith(".bin")) return readLlama2c(bytes, path);
  const expected = "tokenizer.json, tokenizer.model, tokenizer.bin (llama2.c) or *.tiktoken";
  throw invalidFile(path, "the file's name", basename(path), expected);
}

function readDefinition(
  source: TokenizerSource,
  options: LoadTokenizerOptions,
): { readonly definition: TokenizerDefinition; readonly path: string } {
  switch (source.kind) {
    case "gguf":
      return { definition: readGgufTokenizer(source.metadata, source.path), path: source.path };
    case "serialized":
      return { definition: parseTokenizer(source.bytes, source.path), path: source.path };
    case "file":
      return { definition: readFile(source.path, options), path: source.path };
    case "huggingface": {
      const json = join(source.folder, "tokenizer.json");
      const path = existsSync(json) ? json : join(source.folder, "tokenizer.model");
      const definition = readHuggingFaceFolder(source.folder, readFile(path, options));
      return { definition, path };
    }
  }
}

/**
 * Loads the tokenizer of a checkpoint or of a file.
 *
 * @throws QorusError `not_found` or `io` where a file cannot be read, `invalid_file` where its
 * bytes do not follow its format, `unsupported` for kinds of tokenizers that Qorus does not have,
 * `invalid_argument` where a tiktoken file needs an option. Each names the file and the field.
 *
 * @example
 * ```ts
 * const tokenizer = loadTokenizer({ kind: "file", path: "cl100k_base.tiktoken" });
 * console.log(tokenizer.encode("hello world"));
 * ```
 */
export function loadTokenizer(
  source: TokenizerSource,
  options: LoadTokenizerOptions = {},
): Tokenizer {
  const { definition, path } = readDefinition(source, options);
  return createTokenizer(definition, path);
}
