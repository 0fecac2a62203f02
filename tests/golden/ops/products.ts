/**
 * Products of matrices, and look-up.
 *
 * @module
 */

import { empty, tensor } from "../../../lib/core/creation.ts";
import type { DType } from "../../../lib/core/dtype.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { convert } from "../../../lib/ops/convert.ts";
import { embedding } from "../../../lib/ops/embedding.ts";
import { linear, matmul } from "../../../lib/ops/matmul.ts";
import type { GoldenRow, Inputs } from "../../support/golden_rows.ts";
import { type OpFamily, varied } from "./row.ts";

const matmulShapes = [
  ...["odd", "one", "tiles", "row", "column", "long", "outer_product", "batched", "broadcast"],
  ...["matrix_repeated", "six", "empty_inner", "empty_rows", "empty_batch", "special"],
];

const matmulCases: GoldenRow[] = [
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

function linearCase(name: string, dtype?: DType): GoldenRow {
  return { name, run: (t) => linear(t("x"), t("weight", dtype), t("bias")) };
}

const quantizedCases = (["q8_0", "q4_0"] as const).flatMap((dtype) =>
  [1, 2, 9].flatMap((count): GoldenRow[] => {
    const name = `linear_${dtype}_${count}`;
    const run = (t: Inputs) => linear(t("x"), interleaved(t("weight", dtype)), t("bias"));
    return [linearCase(name, dtype), { name, run }];
  })
);

const linearCases: GoldenRow[] = [
  ...["row", "matrix", "batched", "many", "empty", "special"].map((name) =>
    linearCase(`linear_${name}`)
  ),
  { name: "linear_one", run: (t) => linear(t("x"), t("weight")) },
  ...(["f16", "bf16"] as const).flatMap((dtype) =>
    [1, 3, 19].map((count) => linearCase(`linear_${dtype}_${count}`, dtype))
  ),
  ...quantizedCases,
];

const embeddingCases: GoldenRow[] = [
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

const kQuants: readonly DType[] = ["q4_k", "q5_k", "q6_k"];
const weightDtypes: readonly DType[] = ["f32", "f16", "bf16", "q8_0", "q4_0", ...kQuants];

/** The table's rows. */
export const products: OpFamily = {
  title: "Products and look-up",
  rows: [
    {
      op: "matmul",
      golden: { products: matmulCases },
      gradient: [[[3, 4], [4, 2]], [[2, 1, 3, 4], [3, 4, 2]]].map((shapes) =>
        varied((a, b) => matmul(a, b), ...shapes)
      ),
    },
    {
      op: "linear",
      golden: { products: linearCases },
      gradient: [varied((x, w, b) => linear(x, w, b), [2, 3, 4], [5, 4], [5])],
      dtypes: weightDtypes,
    },
    {
      op: "embedding",
      golden: {
        products: embeddingCases,
        normalization: ["matrix", "vector", "none"].map((name): GoldenRow => ({
          name: `embedding_${name}`,
          run: (t) => embedding(t("weight"), t("ids")),
        })),
      },
      gradient: [varied((weight) => embedding(weight, tensor(Int32Array.of(2, 0, 2))), [3, 4])],
      dtypes: weightDtypes,
    },
  ],
};
