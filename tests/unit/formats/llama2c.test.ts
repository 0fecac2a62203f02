import { assertEquals, assertThrows } from "@std/assert";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { openCheckpoint } from "../../../lib/formats/checkpoint.ts";
import { openLlama2c } from "../../../lib/formats/llama2c.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { llama2cBytes, quantizableConfig } from "../../support/tiny_model.ts";

test("llama2.c checkpoints are laid out as run.c reads them", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.bin");
  writeFileSync(path, llama2cBytes(quantizableConfig));
  const { config, tensors, tokenizer } = openCheckpoint(path);
  assertEquals(config, { ...quantizableConfig, ropeStyle: "neighbouring" });
  assertEquals(tokenizer, undefined);
  const offset = (name: string) => ((tensors.get(name)?.offset ?? 0) - 28) / 4;
  // vocabulary 20, width 32, feed-forward 40, 2 layers, keys and values 16 wide, context 16
  const norms = 20 * 32;
  assertEquals(offset("model.layers.1.input_layernorm.weight"), norms + 32);
  const queries = norms + 2 * 32;
  assertEquals(offset("model.layers.1.self_attn.q_proj.weight"), queries + 32 * 32);
  const outputs = queries + 2 * 32 * 32 + 4 * 16 * 32;
  assertEquals(offset("model.layers.0.self_attn.o_proj.weight"), outputs);
  const gates = outputs + 2 * 32 * 32 + 2 * 32;
  assertEquals(offset("model.layers.0.mlp.gate_proj.weight"), gates);
  assertEquals(offset("model.layers.0.mlp.down_proj.weight"), gates + 2 * 40 * 32);
  assertEquals(tensors.get("model.layers.0.mlp.down_proj.weight")?.shape, [32, 40]);
  const last = gates + 6 * 40 * 32;
  assertEquals(offset("model.norm.weight"), last);
  assertEquals(offset("lm_head.weight"), last + 32 + 16 * 8);
});

test("llama2.c checkpoints with a positive vocabulary share their embedding", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.bin");
  writeFileSync(path, llama2cBytes({ ...quantizableConfig, tiedEmbeddings: true }));
  const { config, tensors } = openLlama2c(path);
  assertEquals([config.tiedEmbeddings, tensors.has("lm_head.weight")], [true, false]);
});

test("llama2.c files of another size, newer versions and senseless headers are refused", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.bin");
  const bytes = llama2cBytes(quantizableConfig);
  writeFileSync(path, Uint8Array.from([...bytes, 0]));
  const longer = assertThrows(() => openLlama2c(path), QorusError, "size");
  assertEquals([longer.given, longer.expected], [bytes.length + 1, bytes.length]);
  const withHeader = (index: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setInt32(4 * index, value, true);
    return copy;
  };
  writeFileSync(path, withHeader(0, 0x616b3432));
  assertEquals(assertThrows(() => openLlama2c(path), QorusError, "ak42").code, "unsupported");
  for (const [index, value] of [[0, 33], [0, -32], [2, 0], [3, 0], [4, 3], [5, 0], [6, 2 ** 30]]) {
    writeFileSync(path, withHeader(index, value));
    assertEquals(assertThrows(() => openLlama2c(path), QorusError).code, "invalid_file");
  }
});
