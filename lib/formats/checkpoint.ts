/**
 * Opens a language model whatever it is stored in.
 *
 * @module
 */

import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { FileReader } from "./file.ts";
import { invalidFile, systemError } from "./file_error.ts";
import { isGguf } from "./gguf.ts";
import { openGguf } from "./gguf_checkpoint.ts";
import { openHuggingFace } from "./huggingface.ts";
import { openLlama2c } from "./llama2c.ts";
import { isQorus, openQorus } from "./qorus.ts";
import { isSafetensors } from "./safetensors.ts";
import type { Checkpoint } from "./types.ts";

/** What a file or folder holds, judged by its content and, where that says nothing, its name. */
export type CheckpointFormat = "qorus" | "gguf" | "safetensors" | "folder" | "llama2c";

const startBytes = 16;

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw systemError(path, "open it", error);
  }
}

/**
 * Finds out what a path leads to; reads a few bytes.
 *
 * Throws `not_found` where there is nothing, `invalid_file` where it is none of the known formats.
 */
export function detectFormat(path: string): CheckpointFormat {
  if (isFolder(path)) return "folder";
  using file = FileReader.open(path);
  const start = file.read(0, Math.min(startBytes, file.size), "first bytes");
  if (isQorus(start)) return "qorus";
  if (isGguf(start)) return "gguf";
  if (isSafetensors(start, file.size)) return "safetensors";
  const extension = /\.(qorus|gguf|safetensors|bin)$/.exec(path)?.[1];
  if (extension === "bin") return "llama2c";
  if (extension !== undefined) return extension as "qorus" | "gguf" | "safetensors";
  const isInFolder = basename(path) === "config.json" || path.endsWith(".index.json");
  throw invalidFile(path, "first bytes", "are those of no known model file", {
    given: Array.from(start.subarray(0, 8)),
    expected: "a .qorus, .gguf, .safetensors or llama2.c .bin file, or a Hugging Face folder",
    hint: isInFolder ? `Give the folder instead: ${dirname(path)}` : undefined,
  });
}

/**
 * Opens a language model: hyper-parameters, tensors and where its tokenizer is.
 *
 * Takes `.qorus`, `.gguf`, llama2.c's `.bin`, a Hugging Face folder, or a safetensors file with a
 * config.json beside it. Reads headers only, never the weights. Every number of the file is
 * checked: what comes back has each tensor that the config asks for, in the right shape, inside of
 * its file. Throws `not_found`, `io`, `invalid_file` or `unsupported`, naming file and field.
 *
 * @example
 * ```ts
 * const { config, tensors } = openCheckpoint("model.gguf");
 * console.log(config.architecture, tensors.size);
 * ```
 */
export function openCheckpoint(path: string): Checkpoint {
  switch (detectFormat(path)) {
    case "folder":
      return openHuggingFace(path);
    case "qorus":
      return openQorus(path);
    case "gguf":
      return openGguf(path);
    case "safetensors":
      return openHuggingFace(dirname(path), path);
    case "llama2c":
      return openLlama2c(path);
  }
}
