import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../lib/autograd/gradient_check.ts";
import { full, tensor } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import * as activations from "../../lib/ops/activation.ts";
import * as ops from "../../lib/ops/elementwise.ts";
import type { OutOption } from "../../lib/ops/out.ts";
import { sum } from "../../lib/ops/reduction.ts";
import * as functions from "../../lib/ops/unary.ts";
import type { Bounds } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenRow, testRows } from "../support/golden_rows.ts";

const golden = new GoldenFile("elementwise");

/** Nothing is summed: every element has its relative bound. */
const each: Bounds = { relativeTo: "element" };
const largeValues: Bounds = {
  absolute: Infinity,
  relativeTo: "element",
  reason: "results up to 3e38, whose neighbours lie further apart than the absolute bound",
};

const shapes = ["same", "row", "column", "outer", "missing", "six", "rank0", "both_rank0", "one"];
const emptyShapes = ["empty", "empty_inner"];

const names = ["add", "sub", "mul", "div", "maximum", "minimum", "pow"] as const;

const binaryRows = names.flatMap((op): GoldenRow[] => {
  const apply = ops[op];
  const rows: GoldenRow[] = [
    ...[...shapes, ...emptyShapes, "special"].map((shape): GoldenRow => ({
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
  const gradientBounds: Bounds = op === "pow"
    ? { absolute: Infinity, reason: "gradients in the hundreds lie 3e-5 apart" }
    : {};
  return rows.map((row) => ({ ...row, bounds, gradientBounds }));
});

const comparisons = {
  equal: ops.equal,
  not_equal: ops.notEqual,
  less: ops.less,
  less_equal: ops.lessEqual,
  greater: ops.greater,
  greater_equal: ops.greaterEqual,
};

const comparisonRows = Object.entries(comparisons).flatMap(([op, apply]): GoldenRow[] => [
  { name: op, run: (t) => apply(t("a"), t("b")) },
  { name: `${op}_number`, run: (t) => apply(t("x"), 1) },
]);

const unary: Record<string, (x: Tensor, options?: OutOption) => Tensor> = {
  relu: activations.relu,
  silu: activations.silu,
  gelu: activations.gelu,
  gelu_tanh: (x, options) => activations.gelu(x, { ...options, approximate: "tanh" }),
  sigmoid: activations.sigmoid,
  tanh: activations.tanh,
  exp: functions.exp,
  neg: functions.neg,
  sqrt: functions.sqrt,
  log: functions.log,
  abs: functions.abs,
  leaky_relu: activations.leakyRelu,
  leaky_relu_steep: (x, options) => activations.leakyRelu(x, { ...options, negativeSlope: 0.3 }),
  elu: activations.elu,
  elu_half: (x, options) => activations.elu(x, { ...options, alpha: 0.5 }),
  softplus: activations.softplus,
  softplus_sharp: (x, options) => activations.softplus(x, { ...options, beta: 3, threshold: 5 }),
  clamp: (x, options) => functions.clamp(x, { ...options, min: -1, max: 0.75 }),
  clamp_below: (x, options) => functions.clamp(x, { ...options, min: 0.5 }),
  square: (x, options) => ops.pow(x, 2, options),
  cube: (x, options) => ops.pow(x, 3, options),
  reciprocal: (x, options) => ops.pow(x, -1, options),
  power_zero: (x, options) => ops.pow(x, 0, options),
  power_half: (x, options) => ops.pow(x, 0.5, options),
  power_uneven: (x, options) => ops.pow(x, 1.7, options),
  two_to: (x, options) => ops.pow(2, x, options),
};

/** Functions whose results have many digits before the point. */
const growing = ["exp", "two_to", "square", "cube", "reciprocal", "power_uneven", "log", "sqrt"];
const corners = ["relu", "abs", "leaky_relu", "elu", "clamp"];

const unaryRows = Object.entries(unary).flatMap(([op, apply]): GoldenRow[] => {
  // 1 + erf(x) and 1 + tanh(x) cancel far left of zero, in PyTorch's f32 as well.
  const bounds: Bounds = op.startsWith("gelu")
    ? { reason: "the tail of the normal distribution is a difference of numbers near 1" }
    : growing.includes(op)
    ? largeValues
    : each;
  const gradientBounds = growing.includes(op) ? largeValues : {};
  const rows: GoldenRow[] = [
    { name: op, run: (t) => apply(t("x")), bounds },
    { name: `${op}_view`, run: (t) => apply(t("x").transpose(0, 1).slice(0, 1, 5)), bounds },
    { name: `${op}_empty`, run: (t) => apply(t("x")), bounds },
    { name: `${op}_wide`, run: (t) => apply(t("x")), bounds },
    { name: `${op}_special`, run: (t) => apply(t("x")), bounds: largeValues },
  ];
  if (corners.includes(op)) rows.push({ name: `${op}_corners`, run: (t) => apply(t("x")), bounds });
  return rows.map((row) => ({ ...row, gradientBounds }));
});

testRows(golden, [
  ...binaryRows,
  ...comparisonRows,
  ...unaryRows,
  {
    name: "silu_mul",
    run: (t) => activations.siluMul(t("gate"), t("up")),
    bounds: each,
    gradientBounds: {},
  },
  { name: "maximum_ties", run: (t) => ops.maximum(t("input"), t("other")) },
  { name: "minimum_ties", run: (t) => ops.minimum(t("input"), t("other")) },
  { name: "pow_zeros", run: (t) => ops.pow(t("input"), t("exponent")) },
  { name: "where", run: (t) => ops.where(t("condition"), t("a"), t("b")) },
  { name: "where_broadcast", run: (t) => ops.where(t("condition"), t("a"), t("b")) },
  { name: "where_number", run: (t) => ops.where(t("condition"), t("a"), -2.5) },
  { name: "where_special", run: (t) => ops.where(t("condition"), t("a"), t("b")) },
]);

test("golden elementwise: out receives the result, also in place", () => {
  using _ = scope();
  for (const op of names) {
    const apply = ops[op];
    const [a, b] = [golden.tensor(`${op}_same/a`), golden.tensor(`${op}_same/b`)];
    const expected = apply(a, b).toArray();
    const out = full(a.shape, 7);
    assertEquals(apply(a, b, { out }).handle, out.handle);
    assertEquals(out.toArray(), expected);
    assertEquals(apply(a, b, { out: b }).toArray(), expected);
  }
  for (const [name, apply] of Object.entries(unary)) {
    const x = golden.tensor(`${name}/x`);
    const expected = apply(x).toArray();
    assertEquals(apply(x, { out: x }).handle, x.handle);
    assertEquals(x.toArray(), expected);
  }
});

test("elementwise: gradients agree with differences", () => {
  using _ = scope();
  // Away from corners, and positive for roots and logarithms.
  const numbers = [0.3, 0.9, 1.4, 2.1, 0.55, 1.25];
  const make = (scale: number, shape: number[]) =>
    tensor(new Float32Array(numbers.map((x) => x * scale)), { shape });
  const weights = make(1, [2, 3]);
  for (const apply of Object.values(unary)) {
    checkGradients((x) => sum(ops.mul(apply(x), weights)), [make(1, [2, 3])]);
  }
  for (const op of names) {
    const row = tensor([1.7, 0.6, 1.1]);
    checkGradients((a, b) => sum(ops.mul(ops[op](a, b), weights)), [make(1, [2, 3]), row]);
    checkGradients((a, b) => sum(ops.mul(ops[op](b, a), weights)), [make(1, [2, 3]), row]);
  }
  const inputs = [make(1, [2, 3]), make(-0.5, [2, 3])];
  checkGradients((gate, up) => sum(ops.mul(activations.siluMul(gate, up), weights)), inputs);
  checkGradients((a, b) => sum(ops.mul(ops.where(ops.less(a, 1), a, b), weights)), inputs);
});

test("elementwise: out is refused on the tape", () => {
  using _ = scope();
  const x = full([3], 1);
  x.requiresGrad = true;
  const out = full([3], 0);
  for (const run of [() => ops.add(x, 1, { out }), () => functions.exp(x, { out })]) {
    assertThrows(run, QorusError, "out cannot be used while gradients are recorded");
  }
  assertThrows(() => ops.add(1, 2), QorusError, "one must be a tensor");
  assertThrows(() => ops.where(x, full([2], 1), 0), QorusError, "cannot be broadcast");
});
