import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { scope } from "../../lib/core/scope.ts";
import { tensor } from "../../lib/core/creation.ts";
import type { ModelConfig, RopeScaling } from "../../lib/formats/types.ts";
import { ropeFrequencies } from "../../lib/models/llama.ts";
import { rope, ropeTable } from "../../lib/ops/attention.ts";
import { layerNorm, rmsNorm, softmax } from "../../lib/ops/normalization.ts";
import { assertClose } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenRow, testRows } from "../support/golden_rows.ts";
import { smallestConfig } from "../support/tiny_model.ts";

const golden = new GoldenFile("rows");
const frequencies = new GoldenFile("rope_frequencies");
const epsilon = 1e-5;

function frequencyRow(
  name: string,
  headSize: number,
  ropeBase: number,
  ropeScaling?: RopeScaling,
): GoldenRow {
  const config: ModelConfig = { ...smallestConfig, headSize, ropeBase, ropeScaling };
  return {
    name,
    run: () => tensor(ropeFrequencies(config)),
    bounds: { relativeTo: "element" },
  };
}

testRows(frequencies, [
  frequencyRow("plain", 48, 10000),
  frequencyRow("linear", 48, 10000, { type: "linear", factor: 4 }),
  frequencyRow("llama3", 64, 500000, {
    type: "llama3",
    factor: 32,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextLength: 8192,
  }),
]);

test("golden rows: in place gives the same numbers", () => {
  using _ = scope();
  const input = (name: string) => golden.tensor(name);
  const scores = input("softmax_odd/x");
  assertEquals(softmax(scores, { out: scores }).handle, scores.handle);
  assertClose(scores.read(), golden.stored("softmax_odd/expected").numbers);
  const x = input("norm_odd/x");
  rmsNorm(x, input("norm_odd/weight"), epsilon, { out: x });
  assertClose(x.read(), golden.stored("norm_odd/expected_rms").numbers);
  const y = input("norm_odd/x");
  layerNorm(y, input("norm_odd/weight"), input("norm_odd/bias"), epsilon, { out: y });
  assertClose(y.read(), golden.stored("norm_odd/expected_layer").numbers);
  const heads = input("rope_first/x");
  const table = ropeTable(input("rope_first/frequencies"), 0, heads.shape[0]);
  rope(heads, table, "half", { out: heads });
  assertClose(heads.read(), golden.stored("rope_first/expected_half").numbers);
});
