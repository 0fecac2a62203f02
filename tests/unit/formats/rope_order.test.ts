import { assertAlmostEquals, assertEquals } from "@std/assert";
import { test } from "node:test";
import { ropeFactors } from "../../../lib/formats/rope_factors.ts";
import { reorderRows, sourceRow } from "../../../lib/formats/rope_order.ts";
import { fromGgufName, toGgufName } from "../../../lib/formats/tensor_names.ts";
import { expectedTensors } from "../../../lib/formats/tensor_names.ts";
import { smallestConfig } from "../../support/tiny_model.ts";

test("rows of a head of 6 are reordered as llama.cpp's permute does", () => {
  const rows = [0, 1, 2, 3, 4, 5];
  assertEquals(rows.map((row) => sourceRow("neighbouring", 6, row)), [0, 3, 1, 4, 2, 5]);
  assertEquals(rows.map((row) => sourceRow("half", 6, row)), [0, 2, 4, 1, 3, 5]);
  assertEquals(rows.map((row) => sourceRow("half", 2, row)), rows);
});

test("reordering heads there and back changes nothing", () => {
  const bytes = Uint8Array.from({ length: 2 * 8 * 3 }, (_, i) => i);
  const half = reorderRows(bytes, 3, 8, "half");
  // The second head's second row is what was its third.
  assertEquals(half.slice(9 * 3, 10 * 3), bytes.slice(10 * 3, 11 * 3));
  assertEquals(reorderRows(half, 3, 8, "neighbouring"), bytes);
});

test("every tensor of a model has a name in GGUF and back", () => {
  const config = { ...smallestConfig, layerCount: 11, attentionBias: true, tiedEmbeddings: false };
  const names = [...expectedTensors(config)].map(([name]) => name);
  assertEquals(new Set(names).size, 3 + 11 * 12);
  for (const name of names) assertEquals(fromGgufName(toGgufName(name) ?? ""), name);
  assertEquals(toGgufName("model.layers.10.mlp.down_proj.weight"), "blk.10.ffn_down.weight");
  assertEquals(fromGgufName("blk.0.ffn_gate_inp.weight"), undefined);
});

test("Llama 3's scaling keeps fast frequencies and divides slow ones", () => {
  // Llama 3.1 8B; wavelengths grow from 2 pi to about 2.6 million positions.
  const factors = ropeFactors({
    ...smallestConfig,
    headSize: 128,
    ropeBase: 500000,
    ropeScaling: {
      type: "llama3",
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContextLength: 8192,
    },
  });
  assertEquals([factors?.length, factors?.[0], factors?.[28], factors?.[63]], [64, 1, 1, 8]);
  // 8192 / (2 pi 500000^(60/128)) = 2.7785 turns: smooth = 0.5928, 1 / (0.4072 / 8 + 0.5928).
  assertAlmostEquals(factors?.[30] ?? 0, 1.5535, 1e-3);
  assertEquals(ropeFactors(smallestConfig), undefined);
});
