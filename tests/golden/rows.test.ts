import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { scope } from "../../lib/core/scope.ts";
import { tensor } from "../../lib/core/creation.ts";
import type { ModelConfig, RopeScaling } from "../../lib/formats/types.ts";
import { ropeFrequencies } from "../../lib/models/llama.ts";
import { rope, ropeTable } from "../../lib/ops/attention.ts";
import {
  addRmsNorm,
  causalMask,
  layerNorm,
  rmsNorm,
  softmax,
} from "../../lib/ops/normalization.ts";
import { assertClose, type Bounds } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenRow, testRows } from "../support/golden_rows.ts";
import { smallestConfig } from "../support/tiny_model.ts";

const golden = new GoldenFile("rows");
const epsilon = 1e-5;

const softmaxRows: GoldenRow[] = [
  ...["odd", "vector", "one", "long", "empty", "masked", "large"].map((name): GoldenRow => ({
    name: `softmax_${name}`,
    run: (t) => softmax(t("x")),
  })),
  { name: "softmax_scaled", run: (t) => softmax(t("x"), { scale: 0.3 }) },
];

const maskPositions = { square: 0, cached: 4, narrow: 1, wide: 2 };
const maskRows = Object.entries(maskPositions).map(([name, position]): GoldenRow => ({
  name: `causal_mask_${name}`,
  run: (t) => causalMask(t("x"), position),
}));

const normRows = ["one", "odd", "vector", "long", "empty", "flat"].flatMap((size): GoldenRow[] => {
  const name = `norm_${size}`;
  const rows: GoldenRow[] = [
    { name, expected: "expected_rms", run: (t) => rmsNorm(t("x"), t("weight"), epsilon) },
    {
      name,
      expected: "expected_layer",
      run: (t) => layerNorm(t("x"), t("weight"), t("bias"), epsilon),
    },
  ];
  if (size !== "flat") {
    rows.push({
      name,
      expected: "expected_layer_without_bias",
      run: (t) => layerNorm(t("x"), t("weight"), undefined, epsilon),
    });
  }
  return rows;
});

const offsetBounds: Bounds = {
  absolute: 4e-5,
  reason: "a mean of 100 leaves deviations near 1 with an f32 rounding error of up to 4e-6 each",
};

const ropeNames = { first: 0, later: 4090, smallest: 1, wide: 100 };
const ropeRows = Object.entries(ropeNames).flatMap(([size, start]): GoldenRow[] => {
  const name = `rope_${size}`;
  const table: GoldenRow["run"] = (t) => ropeTable(t("frequencies"), start, t("x").shape[0]);
  return [
    { name, expected: "expected_table", run: table },
    { name, expected: "expected_half", run: (t) => rope(t("x"), table(t), "half") },
    {
      name,
      expected: "expected_neighbouring",
      run: (t) => rope(t("x"), table(t), "neighbouring"),
    },
  ];
});

function frequencyRow(
  name: string,
  headSize: number,
  ropeBase: number,
  ropeScaling?: RopeScaling,
): GoldenRow {
  const config: ModelConfig = { ...smallestConfig, headSize, ropeBase, ropeScaling };
  return {
    name: `rope_frequencies_${name}`,
    run: () => tensor(ropeFrequencies(config)),
    bounds: { relativeTo: "element" },
  };
}

testRows(golden, [
  ...softmaxRows,
  ...maskRows,
  ...normRows,
  {
    name: "norm_offset",
    expected: "expected_layer",
    run: (t) => layerNorm(t("x"), t("weight"), t("bias"), epsilon),
    bounds: offsetBounds,
  },
  { name: "add_norm", run: (t) => addRmsNorm(t("residual"), t("x"), t("weight"), epsilon) },
  {
    name: "add_norm",
    expected: "expected_residual",
    run: (t) => {
      const residual = t("residual");
      const x = t("x");
      addRmsNorm(residual, x, t("weight"), epsilon, { out: x });
      return residual;
    },
  },
  ...ropeRows,
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
