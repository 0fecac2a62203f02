/**
 * Hugging Face's config.json, read and written.
 *
 * @module
 */

import { unsupportedFile } from "./file_error.ts";
import type { JsonFields } from "./json_fields.ts";
import { checkConfig } from "./model_config.ts";
import type { JsonObject } from "./text.ts";
import type { Checkpoint, ModelConfig, RopeScaling } from "./types.ts";

interface Family {
  readonly className: string;
  readonly architecture: string;
  /** Queries, keys and values have a bias, whatever the config says. */
  readonly attentionBias: boolean;
}

const families: readonly Family[] = [
  { className: "LlamaForCausalLM", architecture: "llama", attentionBias: false },
  { className: "MistralForCausalLM", architecture: "mistral", attentionBias: false },
  { className: "Qwen2ForCausalLM", architecture: "qwen2", attentionBias: true },
];

function readFamily(fields: JsonFields, path: string): Family {
  const classes = fields.raw("architectures");
  const className: unknown = Array.isArray(classes) ? classes[0] : undefined;
  const family = className === undefined
    ? families.find((known) => known.architecture === fields.string("model_type"))
    : families.find((known) => known.className === className);
  if (family !== undefined) return family;
  throw unsupportedFile(path, "architectures", "is not one Qorus computes", {
    given: className ?? fields.raw("model_type"),
    expected: families.map((known) => known.className).join(", "),
  });
}

/**
 * Hyper-parameters out of a config.json.
 *
 * Throws `unsupported` for architectures and options that Qorus does not compute, `invalid_file`
 * for missing members and senseless numbers.
 */
export function readHuggingFaceConfig(fields: JsonFields, path: string): ModelConfig {
  const family = readFamily(fields, path);
  refuseOptions(fields, path);
  const hiddenSize = fields.integer("hidden_size");
  const headCount = fields.integer("num_attention_heads");
  const rope = fields.object("rope_parameters") ?? fields.object("rope_scaling");
  const ropeBase = rope?.has("rope_theta")
    ? rope.number("rope_theta")
    : fields.number("rope_theta", 10000);
  const ropeScaling = rope === undefined ? undefined : readRopeScaling(rope, fields, path);
  return checkConfig({
    architecture: family.architecture,
    vocabSize: fields.integer("vocab_size"),
    hiddenSize,
    intermediateSize: fields.integer("intermediate_size"),
    layerCount: fields.integer("num_hidden_layers"),
    headCount,
    keyValueHeadCount: fields.integer("num_key_value_heads", headCount),
    headSize: fields.has("head_dim") ? fields.integer("head_dim") : hiddenSize / headCount,
    contextLength: readContextLength(fields, family),
    normEpsilon: fields.number("rms_norm_eps", 1e-6),
    ropeBase,
    ropeStyle: "half",
    ...(ropeScaling === undefined ? {} : { ropeScaling }),
    tiedEmbeddings: fields.boolean("tie_word_embeddings", false),
    attentionBias: family.attentionBias,
  }, path);
}

/**
 * Longest sequence; where attention slides over a window, the window, within which it sees
 * everything as Qorus does.
 */
function readContextLength(fields: JsonFields, family: Family): number {
  const length = fields.integer("max_position_embeddings");
  const slides = fields.has("sliding_window") &&
    fields.boolean("use_sliding_window", family.architecture === "mistral");
  return slides ? Math.min(length, fields.integer("sliding_window")) : length;
}

function refuseOptions(fields: JsonFields, path: string): void {
  const activation = fields.string("hidden_act", "silu");
  if (activation !== "silu" && activation !== "swish") {
    throw unsupportedFile(path, "hidden_act", "is not one Qorus computes here", {
      given: activation,
      expected: "silu",
    });
  }
  for (const name of ["attention_bias", "mlp_bias"]) {
    if (!fields.boolean(name, false)) continue;
    throw unsupportedFile(path, name, "asks for biases that Qorus does not compute", {
      given: true,
      expected: "false",
    });
  }
  if (fields.number("partial_rotary_factor", 1) !== 1) {
    throw unsupportedFile(path, "partial_rotary_factor", "turns a part of each head only", {
      given: fields.raw("partial_rotary_factor"),
      expected: "1",
    });
  }
  const quantization = fields.object("quantization_config");
  if (quantization !== undefined) {
    throw unsupportedFile(path, "quantization_config", "weights are quantized in a foreign way", {
      given: quantization.raw("quant_method"),
      hint: "Take the model's unquantized folder, or a GGUF file of it.",
    });
  }
}

function readRopeScaling(
  rope: JsonFields,
  config: JsonFields,
  path: string,
): RopeScaling | undefined {
  const type = rope.has("rope_type") ? rope.string("rope_type") : rope.string("type", "default");
  if (type === "default") return undefined;
  if (type === "linear") return { type, factor: rope.number("factor") };
  if (type === "llama3") {
    return {
      type,
      factor: rope.number("factor"),
      lowFrequencyFactor: rope.number("low_freq_factor"),
      highFrequencyFactor: rope.number("high_freq_factor"),
      originalContextLength: rope.has("original_max_position_embeddings")
        ? rope.integer("original_max_position_embeddings")
        : config.integer("max_position_embeddings"),
    };
  }
  throw unsupportedFile(path, rope.field("rope_type"), "is not one Qorus computes", {
    given: type,
    expected: "default, linear or llama3",
  });
}

function writeRopeScaling(scaling: RopeScaling, path: string): JsonObject {
  switch (scaling.type) {
    case "linear":
      return { rope_type: "linear", factor: scaling.factor };
    case "llama3":
      return {
        rope_type: "llama3",
        factor: scaling.factor,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalContextLength,
      };
    case "factors":
      throw unsupportedFile(
        path,
        "rope_scaling",
        "config.json has no words for rope_freqs.weight",
        {
          hint: "Convert from the model's Hugging Face folder, or write .qorus or .gguf.",
        },
      );
  }
}

/**
 * The content of a config.json for a checkpoint whose rows are in Hugging Face's order.
 *
 * Throws `unsupported` where config.json cannot say what the checkpoint's config says.
 */
export function writeHuggingFaceConfig(
  { config, generation }: Checkpoint,
  storedType: string,
  path: string,
): JsonObject {
  const family = families.find((known) => known.architecture === config.architecture);
  if (family === undefined || family.attentionBias !== config.attentionBias) {
    throw unsupportedFile(path, "architectures", "Hugging Face has no class for this model", {
      given: `${config.architecture} with attention bias ${config.attentionBias}`,
      expected: families.map((known) => known.className).join(", "),
    });
  }
  const { ropeScaling } = config;
  const { beginToken, endTokens } = generation;
  return {
    architectures: [family.className],
    model_type: family.architecture,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layerCount,
    num_attention_heads: config.headCount,
    num_key_value_heads: config.keyValueHeadCount,
    head_dim: config.headSize,
    vocab_size: config.vocabSize,
    max_position_embeddings: config.contextLength,
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.ropeBase,
    rope_scaling: ropeScaling === undefined ? null : writeRopeScaling(ropeScaling, path),
    tie_word_embeddings: config.tiedEmbeddings,
    hidden_act: "silu",
    // Mistral's class would assume 4096 where the member is missing.
    ...(family.architecture === "mistral" ? { sliding_window: null } : {}),
    bos_token_id: beginToken ?? null,
    eos_token_id: endTokens.length === 1 ? endTokens[0] : [...endTokens],
    torch_dtype: storedType,
  };
}
