import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { empty, full } from "../../lib/core/creation.ts";
import type { DType } from "../../lib/core/dtype.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { convert } from "../../lib/ops/convert.ts";
import { embedding } from "../../lib/ops/embedding.ts";
import { linear, matmul } from "../../lib/ops/matmul.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenRow, type Inputs, testRows } from "../support/golden_rows.ts";

const golden = new GoldenFile("products");

const matmulShapes = [
  "odd",
  "one",
  "tiles",
  "row",
  "column",
  "long",
  "outer_product",
  "batched",
  "broadcast",
  "matrix_repeated",
  "six",
  "empty_inner",
  "empty_rows",
  "empty_batch",
  "special",
];

const matmulRows: GoldenRow[] = [
  ...matmulShapes.map((shape): GoldenRow => ({
    name: `matmul_${shape}`,
    run: (t) => matmul(t("a"), t("b")),
  })),
  {
    name: "matmul_transposed",
    run: (t) => matmul(t("a").transpose(0, 1), t("b").transpose(0, 1)),
  },
  {
    name: "matmul_heads",
    run: (t) => matmul(t("a").permute([1, 0, 2]), t("b").permute([1, 2, 0])),
  },
  {
    name: "matmul_steps",
    run: (t) =>
      matmul(
        t("a").slice(0, 1, 9, 3).slice(1, 4, 18, 2),
        t("b").slice(0, 0, 14, 2).slice(1, 1, 12, 5),
      ),
  },
  { name: "matmul_expanded", run: (t) => matmul(t("a").expand([3, 4, 6]), t("b")) },
];

/** The weight in the layout that quantized kernels like best. */
function interleaved(weight: Tensor): Tensor {
  return convert(weight, empty(weight.shape, { dtype: weight.dtype, layout: "rows16" }));
}

function linearRow(name: string, dtype?: DType): GoldenRow {
  return { name, run: (t) => linear(t("x"), t("weight", dtype), t("bias")) };
}

const quantizedRows = (["q8_0", "q4_0"] as const).flatMap((dtype) =>
  [1, 2, 9].flatMap((count): GoldenRow[] => {
    const name = `linear_${dtype}_${count}`;
    const run = (t: Inputs) => linear(t("x"), interleaved(t("weight", dtype)), t("bias"));
    return [linearRow(name, dtype), { name, run }];
  })
);

const linearRows: GoldenRow[] = [
  ...["row", "matrix", "batched", "many", "empty"].map((name) => linearRow(`linear_${name}`)),
  { name: "linear_one", run: (t) => linear(t("x"), t("weight")) },
  ...(["f16", "bf16"] as const).flatMap((dtype) =>
    [1, 3, 19].map((count) => linearRow(`linear_${dtype}_${count}`, dtype))
  ),
  ...quantizedRows,
];

const embeddingRows: GoldenRow[] = [
  { name: "embedding", run: (t) => embedding(t("weight"), t("ids")) },
  { name: "embedding_empty", run: (t) => embedding(t("weight"), t("ids")) },
  ...(["f16", "bf16", "q8_0", "q4_0"] as const).map((dtype): GoldenRow => ({
    name: `embedding_${dtype}`,
    run: (t) => embedding(t("weight", dtype), t("ids")),
  })),
  ...(["q8_0", "q4_0"] as const).map((dtype): GoldenRow => ({
    name: `embedding_${dtype}`,
    run: (t) => embedding(interleaved(t("weight", dtype)), t("ids")),
  })),
];

testRows(golden, [...matmulRows, ...linearRows, ...embeddingRows]);

test("golden products: out receives the result", () => {
  using _ = scope();
  const [a, b] = [golden.tensor("matmul_batched/a"), golden.tensor("matmul_batched/b")];
  const out = full([3, 5, 4], 7);
  assertEquals(matmul(a, b, { out }).handle, out.handle);
  assertEquals(out.toArray(), matmul(a, b).toArray());
  const [x, weight] = [golden.tensor("linear_one/x"), golden.tensor("linear_one/weight")];
  const target = full([3, 1], 7);
  assertEquals(linear(x, weight, undefined, { out: target }).handle, target.handle);
  assertEquals(target.toArray(), linear(x, weight).toArray());
});
