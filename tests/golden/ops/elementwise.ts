/**
 * Operations of two operands, element by element.
 *
 * @module
 */

import { tensor } from "../../../lib/core/creation.ts";
import * as ops from "../../../lib/ops/elementwise.ts";
import type { Bounds } from "../../support/close.ts";
import type { GoldenRow } from "../../support/golden_rows.ts";
import type { GradientCheck, OpFamily, OpRow } from "./row.ts";
import { powersOf } from "./unary.ts";

/** Nothing is summed: every element has its relative bound. */
const each: Bounds = { relativeTo: "element" };
const largeValues: Bounds = {
  absolute: Infinity,
  relativeTo: "element",
  reason: "results up to 3e38, whose neighbours lie further apart than the absolute bound",
};
const largeGradients: Bounds = {
  absolute: Infinity,
  reason: "gradients in the hundreds lie 3e-5 apart",
};

const shapes = [
  ...["same", "row", "column", "outer", "missing", "six", "rank0", "both_rank0", "one"],
  ...["empty", "empty_inner", "special"],
];

/** Operations of two operands with gradients. */
export const binary = ["add", "sub", "mul", "div", "maximum", "minimum", "pow"] as const;

function casesOf(op: typeof binary[number]): GoldenRow[] {
  const apply = ops[op];
  const rows: GoldenRow[] = [
    ...shapes.map((shape): GoldenRow => ({
      name: `${op}_${shape}`,
      run: (t) => apply(t("a"), t("b")),
    })),
    { name: `${op}_views`, run: (t) => apply(t("a").transpose(0, 1), t("b").slice(1, 0, 14, 2)) },
    {
      name: `${op}_expanded`,
      run: (t) => apply(t("a").expand([4, 6, 3]).slice(0, 1, 3), t("b")),
    },
    { name: `${op}_scalar`, run: (t) => apply(t("x"), 0.75) },
    { name: `${op}_scalar_first`, run: (t) => apply(0.75, t("x")) },
  ];
  const bounds = op === "pow" ? largeValues : each;
  const gradientBounds = op === "pow" ? largeGradients : {};
  return rows.map((row) => ({ ...row, bounds, gradientBounds }));
}

const more: Partial<Record<typeof binary[number], GoldenRow[]>> = {
  maximum: [{ name: "maximum_ties", run: (t) => ops.maximum(t("input"), t("other")) }],
  minimum: [{ name: "minimum_ties", run: (t) => ops.minimum(t("input"), t("other")) }],
  pow: [
    { name: "pow_zeros", run: (t) => ops.pow(t("input"), t("exponent")) },
    ...powersOf.flatMap(({ cases }) => cases),
  ],
};

/** Positive numbers, away from each other: powers have gradients, and extremes no ties. */
const matrix = () => tensor([[0.3, 0.9, 1.4], [2.1, 0.55, 1.25]]);
const row = () => tensor([1.7, 0.6, 1.1]);

function checksOf(op: typeof binary[number]): GradientCheck[] {
  const apply = ops[op];
  const own = op === "pow" ? powersOf.map(({ check }) => check) : [];
  return [
    { of: (a, b) => apply(a, b), inputs: () => [matrix(), row()] },
    { of: (a, b) => apply(a, b), inputs: () => [row(), matrix()] },
    ...own,
  ];
}

const binaryRows = binary.map((op): OpRow => ({
  op,
  golden: { elementwise: [...casesOf(op), ...more[op] ?? []] },
  gradient: checksOf(op),
}));

const comparisons = {
  equal: "equal",
  notEqual: "not_equal",
  less: "less",
  lessEqual: "less_equal",
  greater: "greater",
  greaterEqual: "greater_equal",
} as const;

const comparisonRows = Object.entries(comparisons).map(([op, name]): OpRow => {
  const apply = ops[op as keyof typeof comparisons];
  return {
    op,
    golden: {
      elementwise: [
        { name, run: (t) => apply(t("a"), t("b")) },
        { name: `${name}_number`, run: (t) => apply(t("x"), 1) },
      ],
    },
    gradient: { none: "a step has the derivative 0" },
  };
});

/** The table's rows. */
export const elementwise: OpFamily = {
  title: "Two operands, element by element",
  rows: [
    ...binaryRows,
    {
      op: "where",
      golden: {
        elementwise: [
          { name: "where", run: (t) => ops.where(t("condition"), t("a"), t("b")) },
          { name: "where_broadcast", run: (t) => ops.where(t("condition"), t("a"), t("b")) },
          { name: "where_number", run: (t) => ops.where(t("condition"), t("a"), -2.5) },
          { name: "where_special", run: (t) => ops.where(t("condition"), t("a"), t("b")) },
        ],
      },
      gradient: [{
        of: (a, b) => ops.where(ops.less(a, 1), a, b),
        inputs: () => [matrix(), ops.mul(matrix(), -0.5)],
      }],
    },
    ...comparisonRows,
  ],
};
