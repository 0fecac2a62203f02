/**
 * Reductions over dimensions.
 *
 * @module
 */

import { tensor } from "../../../lib/core/creation.ts";
import * as ops from "../../../lib/ops/reduction.ts";
import type { Bounds } from "../../support/close.ts";
import type { GoldenRow, Inputs } from "../../support/golden_rows.ts";
import type { GradientCheck, OpFamily, OpRow } from "./row.ts";

const axesOf: Record<string, number[] | undefined> = {
  all: undefined,
  rows: [-1],
  columns: [0],
  narrow: [0],
  middle: [1],
  ends: [0, 2],
  inner_two: [2, 1],
  alternating: [1, 3, 5],
  size_one: [1],
  one: [],
  rank0: undefined,
};

const far: Bounds = {
  relative: 1e-3,
  reason: "x is about 1000, where neighbouring f32 lie 6e-5 apart",
};

const names = ["sum", "mean", "max", "min", "variance", "std"] as const;
type Name = typeof names[number];

function casesOf(op: Name): GoldenRow[] {
  const apply = ops[op];
  return [
    ...Object.entries(axesOf).map(([name, axes]): GoldenRow => ({
      name: `${op}_${name}`,
      run: (t) => apply(t("x"), { axes }),
    })),
    { name: `${op}_keep`, run: (t) => apply(t("x"), { axes: [0, 2], keepDims: true }) },
    { name: `${op}_transposed`, run: (t) => apply(t("x").transpose(0, 1), { axes: 1 }) },
    { name: `${op}_permuted`, run: (t) => apply(t("x").permute([2, 0, 1]), { axes: 1 }) },
    { name: `${op}_sliced`, run: (t) => apply(t("x").slice(1, 0, 14, 2), { axes: 0 }) },
    { name: `${op}_expanded`, run: (t) => apply(t("x").expand([4, 6, 3]), { axes: 0 }) },
    { name: `${op}_special`, run: (t) => apply(t("x"), { axes: 1 }) },
    { name: `${op}_special_columns`, run: (t) => apply(t("x"), { axes: 0 }) },
    { name: `${op}_nothing`, run: (t) => apply(t("x"), { axes: 1 }) },
  ];
}

const empty = (op: Name): GoldenRow => ({
  name: `${op}_empty`,
  run: (t) => ops[op](t("x"), { axes: 1 }),
});
const corrected = (op: "variance" | "std"): GoldenRow[] => [
  ...[0, 2, 5].map((correction): GoldenRow => ({
    name: `${op}_correction_${correction}`,
    run: (t) => ops[op](t("x"), { axes: 1, correction }),
  })),
  { name: `${op}_far`, run: (t) => ops[op](t("x"), { axes: 1 }), gradientBounds: far },
];

const more: Record<Name, GoldenRow[]> = {
  sum: [empty("sum")],
  mean: [empty("mean")],
  max: [{ name: "max_ties", run: (t) => ops.max(t("x"), { axes: 1 }) }],
  min: [{ name: "min_ties", run: (t) => ops.min(t("x")) }],
  variance: [empty("variance"), ...corrected("variance")],
  std: [
    empty("std"),
    ...corrected("std"),
    { name: "std_constant", run: (t) => ops.std(t("x"), { axes: 1 }) },
  ],
};

/** Distinct enough that a step changes no order. */
const apart = () =>
  tensor(new Float32Array(24).map((_, i) => ((i * 7) % 24) / 8 - 1.4), { shape: [2, 3, 4] });

function checksOf(op: Name): GradientCheck[] {
  return [undefined, 0, 1, 2, [0, 2]].map((axes) => ({
    of: (x) => ops[op](x, { axes }),
    inputs: () => [apart()],
  }));
}

function indexRow(op: "argmax" | "argmin"): OpRow {
  const view = (t: Inputs) => ops[op](t("x").transpose(0, 1).slice(0, 1, 5), { axis: 1 });
  return {
    op,
    golden: {
      reductions: [
        { name: `${op}_rows`, run: (t) => ops[op](t("x"), { axis: 1 }) },
        { name: `${op}_columns`, run: (t) => ops[op](t("x"), { axis: 0 }) },
        { name: `${op}_middle`, run: (t) => ops[op](t("x"), { axis: -2 }) },
        { name: `${op}_keep`, run: (t) => ops[op](t("x"), { axis: 0, keepDims: true }) },
        { name: `${op}_all`, run: (t) => ops[op](t("x")) },
        { name: `${op}_view`, run: view },
        { name: `${op}_special`, run: (t) => ops[op](t("x"), { axis: 1 }) },
        { name: `${op}_special_columns`, run: (t) => ops[op](t("x"), { axis: 0 }) },
      ],
    },
    gradient: { none: "an index has no derivative" },
  };
}

/** The table's rows. */
export const reductions: OpFamily = {
  title: "Reductions",
  rows: [
    ...names.map((op): OpRow => ({
      op,
      golden: { reductions: [...casesOf(op), ...more[op]] },
      gradient: checksOf(op),
    })),
    indexRow("argmax"),
    indexRow("argmin"),
  ],
};
