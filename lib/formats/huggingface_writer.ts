/**
 * Writes Hugging Face folders.
 *
 * @module
 */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, join } from "node:path";
import { QorusError } from "../native/error.ts";
import { AtomicFile, temporaryPath, throwIfAborted } from "./atomic_file.ts";
import { encodeUtf8 } from "./byte_writer.ts";
import type { TokenizerWriter } from "./codec.ts";
import { systemError } from "./file_error.ts";
import { writeHuggingFaceConfig } from "./huggingface_config.ts";
import { writeSafetensors } from "./safetensors_writer.ts";
import type { WritableTensor, WriteOptions } from "./tensor_writer.ts";
import type { Checkpoint, GenerationDefaults, TokenizerSource } from "./types.ts";

/** Files of a folder that describe its tokenizer. */
const tokenizerFiles: readonly string[] = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
];

/** Throws `invalid_argument` where something is there that is no empty folder. */
export function checkFolderTarget(path: string): void {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory() && readdirSync(path).length === 0) return;
  throw new QorusError("invalid_argument", `${path}: is there already; choose another folder`, {
    path,
  });
}

/**
 * Writes a folder with config.json, generation_config.json, model.safetensors, and the tokenizer
 * where it is in Hugging Face's form or the writer can bring it there.
 *
 * The folder appears under its name when it is whole. Throws `invalid_argument` where a folder
 * that is not empty is there already, `unsupported`, `aborted`, `io`.
 */
export async function writeHuggingFace(
  path: string,
  checkpoint: Checkpoint,
  source: TokenizerSource | undefined,
  tensors: readonly WritableTensor[],
  options: WriteOptions & { readonly tokenizerWriter?: TokenizerWriter },
  warnings: string[],
): Promise<void> {
  throwIfAborted(options.signal, path);
  checkFolderTarget(path);
  const folder = temporaryPath(path);
  try {
    mkdirSync(folder);
    const matrix = tensors.find((tensor) => tensor.shape.length === 2);
    const names = new Map([["f32", "float32"], ["f16", "float16"], ["bf16", "bfloat16"]]);
    const storedType = names.get(matrix?.dtype ?? "f32") ?? "float32";
    writeJson(folder, "config.json", writeHuggingFaceConfig(checkpoint, storedType, path));
    writeJson(folder, "generation_config.json", generationConfig(checkpoint.generation));
    if (checkpoint.chatTemplate !== undefined) {
      writeFile(folder, "chat_template.jinja", encodeUtf8(checkpoint.chatTemplate));
    }
    writeTokenizer(folder, source, options.tokenizerWriter, warnings);
    const weights = join(folder, "model.safetensors");
    await writeSafetensors(weights, new Map([["format", "pt"]]), tensors, options);
    if (existsSync(path)) rmdirSync(path);
    renameSync(folder, path);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    // The signal's error from inside would name the temporary folder.
    throwIfAborted(options.signal, path);
    throw systemError(path, "write it", error);
  }
}

function writeFile(folder: string, name: string, bytes: Uint8Array): void {
  using file = AtomicFile.create(join(folder, name));
  file.write(bytes);
  file.commit();
}

function writeJson(folder: string, name: string, value: unknown): void {
  writeFile(folder, name, encodeUtf8(`${JSON.stringify(value, null, 2)}\n`));
}

function generationConfig(generation: GenerationDefaults): Record<string, unknown> {
  const { endTokens, beginToken, temperature, topK, topP } = generation;
  const eos = endTokens.length === 1 ? endTokens[0] : [...endTokens];
  return { bos_token_id: beginToken, eos_token_id: eos, temperature, top_k: topK, top_p: topP };
}

function writeTokenizer(
  folder: string,
  source: TokenizerSource | undefined,
  writer: TokenizerWriter | undefined,
  warnings: string[],
): void {
  if (source?.kind === "huggingface") {
    for (const name of tokenizerFiles) {
      const path = join(source.folder, name);
      if (existsSync(path)) copyFileSync(path, join(folder, name));
    }
  } else if (source?.kind === "file" && basename(source.path) === "tokenizer.model") {
    copyFileSync(source.path, join(folder, "tokenizer.model"));
  } else if (source !== undefined && writer?.toHuggingFace !== undefined) {
    for (const [name, bytes] of writer.toHuggingFace(source)) writeFile(folder, name, bytes);
  } else {
    warnings.push("the folder has no tokenizer: give one with --tokenizer when using it");
  }
}
