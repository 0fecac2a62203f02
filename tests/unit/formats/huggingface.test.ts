import { assertEquals, assertThrows } from "@std/assert";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openCheckpoint } from "../../../lib/formats/checkpoint.ts";
import { openHuggingFace } from "../../../lib/formats/huggingface.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { quantizableConfig, smallestConfig, writeTinyFolder } from "../../support/tiny_model.ts";

/** Writes a JSON file of the folder, or changes members of the one that is there. */
function edit(folder: string, name: string, members: Record<string, unknown>): void {
  let old = {};
  try {
    old = JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
  } catch {
    // A file that is not there starts empty.
  }
  writeFileSync(`${folder}/${name}`, JSON.stringify({ ...old, ...members }));
}

for (const architecture of ["llama", "mistral", "qwen2"]) {
  test(`a Hugging Face folder of ${architecture} is read`, async () => {
    using folder = new TemporaryFolder();
    const attentionBias = architecture === "qwen2";
    const config = { ...quantizableConfig, architecture, attentionBias };
    const source = await writeTinyFolder(folder.file("model"), config);
    const checkpoint = openCheckpoint(source);
    assertEquals(checkpoint.config, config);
    const bias = "model.layers.1.self_attn.k_proj.bias";
    assertEquals(checkpoint.tensors.has(bias), attentionBias);
    assertEquals(checkpoint.tokenizer, undefined);
    assertEquals(openCheckpoint(`${source}/model.safetensors`).config, config);
  });
}

test("rotary settings are read in the old and the new form", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("model"), smallestConfig);
  const llama3 = {
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  };
  const expected = {
    type: "llama3",
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextLength: 8192,
  } as const;
  const cases: [Record<string, unknown>, unknown, number][] = [
    [{ rope_theta: 5e5, rope_scaling: { rope_type: "llama3", ...llama3 } }, expected, 5e5],
    [{ rope_scaling: { type: "linear", factor: 2 } }, { type: "linear", factor: 2 }, 5e5],
    [{ rope_scaling: null }, undefined, 5e5],
    [{ rope_parameters: { rope_type: "default", rope_theta: 1e6 } }, undefined, 1e6],
    [{ rope_parameters: { rope_type: "llama3", rope_theta: 7, ...llama3 } }, expected, 7],
  ];
  for (const [members, ropeScaling, ropeBase] of cases) {
    edit(source, "config.json", members);
    const { config } = openHuggingFace(source);
    assertEquals([config.ropeScaling as unknown, config.ropeBase], [ropeScaling, ropeBase]);
  }
});

test("generation settings, tokenizer and chat template are found", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("model"), smallestConfig);
  assertEquals(openHuggingFace(source).generation.endTokens, [2]);
  edit(source, "generation_config.json", { eos_token_id: [3, 2], temperature: 0.6, top_p: 0.9 });
  const { generation } = openHuggingFace(source);
  const { endTokens, beginToken, temperature, topP, topK } = generation;
  assertEquals([endTokens, beginToken, temperature, topP, topK], [[3, 2], 1, 0.6, 0.9, undefined]);
  writeFileSync(`${source}/tokenizer.model`, "x");
  assertEquals(openHuggingFace(source).tokenizer, {
    kind: "file",
    path: `${source}/tokenizer.model`,
  });
  edit(source, "tokenizer.json", {});
  assertEquals(openHuggingFace(source).tokenizer, { kind: "huggingface", folder: source });
  const templates = [{ name: "tools", template: "t" }, { name: "default", template: "d" }];
  edit(source, "tokenizer_config.json", { chat_template: templates });
  assertEquals(openHuggingFace(source).chatTemplate, "d");
  edit(source, "tokenizer_config.json", { chat_template: "one" });
  assertEquals(openHuggingFace(source).chatTemplate, "one");
  writeFileSync(`${source}/chat_template.jinja`, "file");
  assertEquals(openHuggingFace(source).chatTemplate, "file");
});

test("a sliding window limits the context, where it is used", async () => {
  using folder = new TemporaryFolder();
  const mistral = { ...smallestConfig, architecture: "mistral" };
  const source = await writeTinyFolder(folder.file("mistral"), mistral);
  edit(source, "config.json", { sliding_window: 2 });
  assertEquals(openHuggingFace(source).config.contextLength, 2);
  const qwen = { ...smallestConfig, architecture: "qwen2", attentionBias: true };
  const other = await writeTinyFolder(folder.file("qwen2"), qwen);
  edit(other, "config.json", { sliding_window: 2, use_sliding_window: false });
  assertEquals(openHuggingFace(other).config.contextLength, 4);
});

const refused: readonly [string, Record<string, unknown>, string, string][] = [
  ["architecture", { architectures: ["GPT2LMHeadModel"] }, "unsupported", "LlamaForCausalLM"],
  ["activation", { hidden_act: "gelu" }, "unsupported", "hidden_act"],
  ["output bias", { attention_bias: true }, "unsupported", "attention_bias"],
  ["partial rotation", { partial_rotary_factor: 0.5 }, "unsupported", "partial_rotary_factor"],
  ["rotary scaling", { rope_scaling: { rope_type: "yarn" } }, "unsupported", "yarn"],
  ["foreign quantization", { quantization_config: { quant_method: "awq" } }, "unsupported", "awq"],
  ["missing width", { hidden_size: null }, "invalid_file", "hidden_size"],
  ["width as text", { hidden_size: "4" }, "invalid_file", "hidden_size"],
  ["odd heads", { head_dim: 3 }, "invalid_file", "headSize"],
  ["no layers", { num_hidden_layers: 0 }, "invalid_file", "layerCount"],
  ["heads that do not divide", { num_key_value_heads: 3 }, "invalid_file", "keyValueHeadCount"],
  ["another vocabulary", { vocab_size: 5 }, "invalid_file", "model.embed_tokens.weight"],
  ["untied output", { tie_word_embeddings: false }, "invalid_file", "lm_head.weight"],
  ["absurdly many layers", { num_hidden_layers: 2 ** 31 - 1 }, "invalid_file", "layers.1."],
];

for (const [what, members, code, part] of refused) {
  test(`a Hugging Face folder with ${what} is refused`, async () => {
    using folder = new TemporaryFolder();
    const source = await writeTinyFolder(folder.file("model"), smallestConfig);
    edit(source, "config.json", members);
    const error = assertThrows(() => openHuggingFace(source), QorusError, part);
    assertEquals(error.code, code);
  });
}

test("folders without config or weights, and what is no model, are refused", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("model"), smallestConfig);
  assertThrows(() => openCheckpoint(`${source}/config.json`), QorusError, "Give the folder");
  rmSync(`${source}/model.safetensors`);
  writeFileSync(`${source}/pytorch_model.bin`, "x");
  const weights = assertThrows(() => openCheckpoint(source), QorusError, "pytorch_model.bin");
  assertEquals(weights.code, "not_found");
  assertThrows(() => openCheckpoint(folder.path), QorusError, "config.json");
  const missing = assertThrows(() => openCheckpoint(folder.file("none")), QorusError, "none");
  assertEquals(missing.code, "not_found");
  writeFileSync(folder.file("notes.txt"), "hello");
  assertThrows(() => openCheckpoint(folder.file("notes.txt")), QorusError, "first bytes");
});
