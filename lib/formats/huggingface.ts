/**
 * Reads Hugging Face folders: config.json, safetensors and what is beside them.
 *
 * Reference: https://huggingface.co/docs/transformers/main_classes/configuration and the
 * `configuration_*.py` of llama, mistral and qwen2.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { QorusError } from "../native/error.ts";
import { invalidFile } from "./file_error.ts";
import { readHuggingFaceConfig } from "./huggingface_config.ts";
import { JsonFields } from "./json_fields.ts";
import { selectTensors } from "./model_config.ts";
import { readSafetensors, readShardedSafetensors } from "./safetensors.ts";
import { isObject, parseJsonObject, readTextFile } from "./text.ts";
import type { Checkpoint, GenerationDefaults, StoredTensor, TokenizerSource } from "./types.ts";

const mostJsonBytes = 64 << 20;

/** Name of the file that lists the shards of a large model. */
export const shardIndexName = "model.safetensors.index.json";

/** Fields of a JSON file in the folder; undefined where there is no such file. */
function readJson(folder: string, name: string): JsonFields | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  return new JsonFields(parseJsonObject(readTextFile(path, mostJsonBytes), path, name), path);
}

/**
 * Opens a Hugging Face folder; `weightsPath` takes another safetensors file than the usual one.
 *
 * Throws `not_found` where config.json or the weights are missing, `unsupported` for
 * architectures and options that Qorus does not compute, `invalid_file` for files that contradict
 * themselves or each other.
 *
 * @example
 * ```ts
 * const { config, tensors } = openHuggingFace("SmolLM2-135M");
 * ```
 */
export function openHuggingFace(folder: string, weightsPath?: string): Checkpoint {
  const path = weightsPath ?? folder;
  const configPath = join(folder, "config.json");
  const fields = readJson(folder, "config.json");
  if (fields === undefined) {
    throw new QorusError("not_found", `${folder}: has no config.json that describes the model`, {
      path: configPath,
    });
  }
  const config = readHuggingFaceConfig(fields, configPath);
  const stored = weightsPath === undefined
    ? readWeights(folder)
    : readSafetensors(weightsPath).tensors;
  return {
    format: "huggingface",
    path,
    config,
    tensors: selectTensors(stored, config, path),
    tokenizer: findTokenizer(folder),
    generation: readGeneration(fields, readJson(folder, "generation_config.json")),
    chatTemplate: readChatTemplate(folder),
  };
}

function readWeights(folder: string): ReadonlyMap<string, StoredTensor> {
  const single = join(folder, "model.safetensors");
  if (existsSync(single)) return readSafetensors(single).tensors;
  const index = join(folder, shardIndexName);
  if (existsSync(index)) return readShardedSafetensors(index);
  const isPickle = existsSync(join(folder, "pytorch_model.bin"));
  throw new QorusError(
    "not_found",
    `${folder}: has neither ${basename(single)} nor ${shardIndexName}` +
      (isPickle ? ". Convert pytorch_model.bin to safetensors first." : ""),
    { path: folder },
  );
}

function findTokenizer(folder: string): TokenizerSource | undefined {
  if (existsSync(join(folder, "tokenizer.json"))) return { kind: "huggingface", folder };
  const path = join(folder, "tokenizer.model");
  return existsSync(path) ? { kind: "file", path } : undefined;
}

function readGeneration(config: JsonFields, generation?: JsonFields): GenerationDefaults {
  const read = (name: "eos_token_id" | "bos_token_id"): readonly number[] =>
    (generation?.has(name) ? generation : config).tokens(name);
  const option = (name: string): number | undefined =>
    generation?.has(name) ? generation.number(name) : undefined;
  return {
    endTokens: read("eos_token_id"),
    beginToken: read("bos_token_id")[0],
    temperature: option("temperature"),
    topK: option("top_k"),
    topP: option("top_p"),
  };
}

function readChatTemplate(folder: string): string | undefined {
  const path = join(folder, "chat_template.jinja");
  if (existsSync(path)) return readTextFile(path, mostJsonBytes);
  const fields = readJson(folder, "tokenizer_config.json");
  const template = fields?.raw("chat_template");
  if (template === undefined || typeof template === "string") return template;
  const named: unknown = Array.isArray(template)
    ? template.find((item) => isObject(item) && item.name === "default")
    : undefined;
  if (isObject(named) && typeof named.template === "string") return named.template;
  throw invalidFile(join(folder, "tokenizer_config.json"), "chat_template", "has no default", {
    expected: "a text, or a list with one named default",
  });
}
