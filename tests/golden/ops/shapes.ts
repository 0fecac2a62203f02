/**
 * Views, picking, joining and padding.
 *
 * @module
 */

import { tensor } from "../../../lib/core/creation.ts";
import { add, mul } from "../../../lib/ops/elementwise.ts";
import { gather, indexSelect } from "../../../lib/ops/indexing.ts";
import { concat, pad, repeat, split, stack } from "../../../lib/ops/joining.ts";
import type { GoldenRow, Inputs } from "../../support/golden_rows.ts";
import { type OpFamily, type OpRow, varied } from "./row.ts";

/** A row whose cases are in the golden file of this family. */
function row(
  op: string,
  cases: Record<string, GoldenRow["run"]>,
  ...gradient: ReturnType<typeof varied>[]
): OpRow {
  return {
    op,
    golden: { shapes: Object.entries(cases).map(([name, run]) => ({ name, run })) },
    gradient,
  };
}

const three = (t: Inputs) => [t("a"), t("b"), t("c")];
const two = (t: Inputs) => [t("a"), t("b")];
const picks = (values: number[][]) => tensor(values, { dtype: "i32" });

const views: OpRow[] = [
  row(
    "Tensor.view",
    { view: (t) => t("x").view([6, -1]) },
    varied((x) => x.view([3, 4]), [2, 6]),
  ),
  row(
    "Tensor.reshape",
    {
      reshape: (t) => t("x").reshape([5, -1]),
      reshape_of_view: (t) => t("x").transpose(0, 2).reshape([10, 6]),
    },
    varied((x) => x.transpose(0, 1).reshape([4, 3]), [2, 6]),
  ),
  row(
    "Tensor.permute",
    { permute: (t) => mul(t("x").permute([2, 0, 1]), 2) },
    varied((x) => x.permute([2, 0, 1]), [2, 3, 4]),
  ),
  row(
    "Tensor.transpose",
    { transpose: (t) => mul(t("x").transpose(0, -1), 3) },
    varied((x) => x.transpose(-1, 0), [2, 3, 4]),
  ),
  row(
    "Tensor.slice",
    {
      slice: (t) => mul(t("x").slice(1, 1, 4, 2).slice(2, -3, 5), 2),
      slice_twice: (t) => {
        const x = t("x");
        return add(x.slice(0, 1, 3).slice(1, 0, 2), x.slice(0, 0, 2).slice(1, 2, 4));
      },
    },
    varied((x) => x.slice(1, 1, 6, 2), [2, 7]),
  ),
  row(
    "Tensor.expand",
    { expand: (t) => t("x").expand([2, 3, 4]) },
    varied((x) => x.expand([2, 3, 4]), [3, 1]),
  ),
  row(
    "Tensor.contiguous",
    { contiguous: (t) => t("x").permute([1, 2, 0]).contiguous() },
    varied((x) => x.transpose(0, 1).contiguous(), [2, 3]),
  ),
];

const picking: OpRow[] = [
  row(
    "gather",
    {
      gather_rows: (t) => gather(t("x"), 0, t("index", "i32")),
      gather_columns: (t) => gather(t("x"), -1, t("index", "i32")),
      gather_none: (t) => gather(t("x"), 1, t("index", "i32")),
    },
    varied((x) => gather(x, 0, picks([[2, 0], [2, 1]])), [3, 2]),
  ),
  row(
    "indexSelect",
    {
      index_select_0: (t) => indexSelect(t("x"), 0, t("index", "i32")),
      index_select_1: (t) => indexSelect(t("x"), 1, t("index", "i32")),
    },
    varied((x) => indexSelect(x, 1, tensor(Int32Array.of(2, 2, 0))), [2, 3]),
  ),
];

const joining: OpRow[] = [
  row(
    "concat",
    { concat_1: (t) => concat(three(t), -1), concat_0: (t) => concat(three(t)) },
    varied((a, b) => concat([a, b], 1), [2, 3], [2, 2]),
  ),
  row(
    "stack",
    {
      stack_0: (t) => stack(two(t)),
      stack_1: (t) => stack(two(t), 1),
      stack_2: (t) => stack(two(t), -1),
    },
    varied((a, b) => stack([a, b], 1), [2, 3], [2, 3]),
  ),
  row(
    "split",
    {
      split: (t) => {
        const [left, right] = split(t("x"), 3, 1);
        return mul(left, right);
      },
      split_sizes: (t) => mul(split(t("x"), [1, 4, 2])[1], 3),
    },
    varied((x) => {
      const [left, right] = split(x, 2, 1);
      return mul(left, right);
    }, [2, 4]),
  ),
  row(
    "pad",
    {
      pad: (t) => pad(t("x"), [1, 2], [3, 0]),
      pad_value: (t) => pad(t("x"), [1], [1], -1.5),
    },
    varied((x) => pad(x, [1, 0], [0, 2], 3), [2, 3]),
  ),
  row(
    "repeat",
    {
      repeat: (t) => repeat(t("x"), [2, 3]),
      repeat_new: (t) => repeat(t("x"), [2, 1, 2]),
    },
    varied((x) => repeat(x, [2, 3]), [2, 2]),
  ),
];

/** The table's rows. */
export const shapes: OpFamily = {
  title: "Shapes, picking, joining",
  rows: [...views, ...picking, ...joining],
};
