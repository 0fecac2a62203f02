/**
 * The JSON inside of `.qorus` files.
 *
 * @module
 */

import { invalidFile, unsupportedFile } from "./file_error.ts";
import type { JsonFields } from "./json_fields.ts";
import { checkConfig, knownArchitectures } from "./model_config.ts";
import type { GenerationDefaults, ModelConfig, RopeScaling } from "./types.ts";

/** Hyper-parameters; the JSON has the members of {@linkcode ModelConfig} under their names. */
export function readModelConfigJson(fields: JsonFields | undefined, path: string): ModelConfig {
  if (fields === undefined) throw invalidFile(path, "metadata.config", "is missing");
  const architecture = fields.string("architecture");
  if (!knownArchitectures.includes(architecture)) {
    throw unsupportedFile(path, fields.field("architecture"), "is not one Qorus computes", {
      given: architecture,
      expected: knownArchitectures.join(", "),
    });
  }
  const ropeStyle = fields.string("ropeStyle");
  if (ropeStyle !== "neighbouring" && ropeStyle !== "half") {
    throw invalidFile(path, fields.field("ropeStyle"), "is not known", {
      given: ropeStyle,
      expected: "neighbouring or half",
    });
  }
  const scaling = fields.object("ropeScaling");
  return checkConfig({
    architecture,
    vocabSize: fields.integer("vocabSize"),
    hiddenSize: fields.integer("hiddenSize"),
    intermediateSize: fields.integer("intermediateSize"),
    layerCount: fields.integer("layerCount"),
    headCount: fields.integer("headCount"),
    keyValueHeadCount: fields.integer("keyValueHeadCount"),
    headSize: fields.integer("headSize"),
    contextLength: fields.integer("contextLength"),
    normEpsilon: fields.number("normEpsilon"),
    ropeBase: fields.number("ropeBase"),
    ropeStyle,
    ...(scaling === undefined ? {} : { ropeScaling: readRopeScaling(scaling, path) }),
    tiedEmbeddings: fields.boolean("tiedEmbeddings"),
    attentionBias: fields.boolean("attentionBias"),
  }, path);
}

function readRopeScaling(fields: JsonFields, path: string): RopeScaling {
  const type = fields.string("type");
  switch (type) {
    case "linear":
      return { type, factor: fields.number("factor") };
    case "factors":
      return { type, factors: fields.numbers("factors") };
    case "llama3":
      return {
        type,
        factor: fields.number("factor"),
        lowFrequencyFactor: fields.number("lowFrequencyFactor"),
        highFrequencyFactor: fields.number("highFrequencyFactor"),
        originalContextLength: fields.integer("originalContextLength"),
      };
    default:
      throw unsupportedFile(path, fields.field("type"), "is not known", {
        given: type,
        expected: "linear, llama3 or factors",
      });
  }
}

/** What the file says about generation; nothing where it has no such member. */
export function readGenerationJson(
  fields: JsonFields | undefined,
  path: string,
): GenerationDefaults {
  if (fields === undefined) return { endTokens: [] };
  const option = (name: string): number | undefined =>
    fields.has(name) ? fields.number(name) : undefined;
  const begin = fields.tokens("beginToken");
  if (begin.length > 1) {
    throw invalidFile(path, fields.field("beginToken"), "is not one token", { given: begin });
  }
  return {
    endTokens: fields.tokens("endTokens"),
    beginToken: begin[0],
    temperature: option("temperature"),
    topK: option("topK"),
    topP: option("topP"),
  };
}
