import { test } from "node:test";
import { assert, assertThrows } from "@std/assert";
import { checkGradients } from "../../lib/autograd/gradient_check.ts";
import { tensor, zeros } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import { mul } from "../../lib/ops/elementwise.ts";
import * as ops from "../../lib/ops/reduction.ts";
import type { Bounds } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenRow, testRows } from "../support/golden_rows.ts";

const golden = new GoldenFile("reductions");

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

const rows = names.flatMap((op): GoldenRow[] => {
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
    ...op === "max" || op === "min"
      ? [{ name: `${op}_ties`, run: (t: (name: string) => Tensor) => ties(op, t("x")) }]
      : [{
        name: `${op}_empty`,
        run: (t: (name: string) => Tensor) => apply(t("x"), { axes: 1 }),
      }],
  ];
});

function ties(op: "max" | "min", x: Tensor): Tensor {
  return op === "max" ? ops.max(x, { axes: 1 }) : ops.min(x);
}

const corrected = (["variance", "std"] as const).flatMap((op): GoldenRow[] => [
  ...[0, 2, 5].map((correction): GoldenRow => ({
    name: `${op}_correction_${correction}`,
    run: (t) => ops[op](t("x"), { axes: 1, correction }),
  })),
  { name: `${op}_far`, run: (t) => ops[op](t("x"), { axes: 1 }), gradientBounds: far },
]);

const indices = (["argmax", "argmin"] as const).flatMap((op): GoldenRow[] => [
  { name: `${op}_rows`, run: (t) => ops[op](t("x"), { axis: 1 }) },
  { name: `${op}_columns`, run: (t) => ops[op](t("x"), { axis: 0 }) },
  { name: `${op}_middle`, run: (t) => ops[op](t("x"), { axis: -2 }) },
  { name: `${op}_keep`, run: (t) => ops[op](t("x"), { axis: 0, keepDims: true }) },
  { name: `${op}_all`, run: (t) => ops[op](t("x")) },
  { name: `${op}_view`, run: (t) => ops[op](t("x").transpose(0, 1).slice(0, 1, 5), { axis: 1 }) },
  { name: `${op}_special`, run: (t) => ops[op](t("x"), { axis: 1 }) },
  { name: `${op}_special_columns`, run: (t) => ops[op](t("x"), { axis: 0 }) },
]);

testRows(golden, [
  ...rows,
  ...corrected,
  { name: "std_constant", run: (t) => ops.std(t("x"), { axes: 1 }) },
  ...indices,
]);

test("reductions: gradients agree with differences", () => {
  using _ = scope();
  // Distinct enough that a step changes no order.
  const values = new Float32Array(24).map((_, i) => ((i * 7) % 24) / 8 - 1.4);
  const weights = new Float32Array(24).map((_, i) => ((i * 5) % 11) / 6 - 0.8);
  for (const op of names) {
    for (const axes of [undefined, 0, 1, 2, [0, 2]]) {
      const x = tensor(values, { shape: [2, 3, 4] });
      checkGradients((x) => {
        const result = ops[op](x, { axes });
        return ops.sum(mul(result, tensor(weights.slice(0, result.size), { shape: result.shape })));
      }, [x]);
    }
  }
});

test("reductions: large sums keep their digits", () => {
  using _ = scope();
  const count = 3_000_001;
  const tenths = new Float32Array(count).fill(0.1);
  const expected = count * Math.fround(0.1);
  assert(Math.abs(ops.sum(tensor(tenths)).item() - expected) < 1e-6 * expected);
  const columns = ops.sum(tensor(tenths.subarray(1), { shape: [300_000, 10] }), { axes: 0 });
  for (const value of columns.read()) {
    assert(Math.abs(value - 300_000 * Math.fround(0.1)) < 2e-6 * 30_000);
  }
});

test("reductions: what cannot be reduced is refused", () => {
  using _ = scope();
  const x = zeros([2, 3]);
  assertThrows(() => ops.sum(x, { axes: 2 }), QorusError, "sum: dimension 2 of a tensor of rank 2");
  assertThrows(() => ops.argmax(x, { axis: -3 }), QorusError, "argmax: dimension -3");
  assertThrows(() => ops.max(zeros([2, 0]), { axes: 1 }), QorusError, "axis 1 has no elements");
  assertThrows(() => ops.argmin(zeros([0])), QorusError, "has no elements");
  assertThrows(
    () => ops.mean(tensor(new Int32Array(3))),
    QorusError,
    "mean: x is i32, expected f32: convert it with to()",
  );
});
