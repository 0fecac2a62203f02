import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { full } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import * as ops from "../../lib/ops/elementwise.ts";
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

const binaryRows = (["add", "sub", "mul", "div"] as const).flatMap((op): GoldenRow[] => {
  const apply = ops[op];
  return [
    ...[...shapes, ...emptyShapes, "special"].map((shape): GoldenRow => ({
      name: `${op}_${shape}`,
      run: (t) => apply(t("a"), t("b")),
      bounds: each,
    })),
    {
      name: `${op}_views`,
      run: (t) => apply(t("a").transpose(0, 1), t("b").slice(1, 0, 14, 2)),
      bounds: each,
    },
    {
      name: `${op}_expanded`,
      run: (t) => apply(t("a").expand([4, 6, 3]).slice(0, 1, 3), t("b")),
      bounds: each,
    },
    { name: `${op}_scalar`, run: (t) => apply(t("x"), 0.75), bounds: each },
    { name: `${op}_scalar_first`, run: (t) => apply(0.75, t("x")), bounds: each },
  ];
});

const unary: Record<string, (x: Tensor) => Tensor> = {
  relu: ops.relu,
  silu: ops.silu,
  gelu: ops.gelu,
  gelu_tanh: (x) => ops.gelu(x, { approximate: "tanh" }),
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  exp: ops.exp,
  neg: ops.neg,
  sqrt: ops.sqrt,
};

const unaryRows = Object.entries(unary).flatMap(([op, apply]): GoldenRow[] => {
  // 1 + erf(x) and 1 + tanh(x) cancel far left of zero, in PyTorch's f32 as well.
  const bounds: Bounds = op.startsWith("gelu")
    ? { reason: "the tail of the normal distribution is a difference of numbers near 1" }
    : each;
  return [
    { name: op, run: (t) => apply(t("x")), bounds: op === "exp" ? largeValues : bounds },
    { name: `${op}_view`, run: (t) => apply(t("x").transpose(0, 1).slice(0, 1, 5)), bounds },
    { name: `${op}_empty`, run: (t) => apply(t("x")), bounds },
    { name: `${op}_wide`, run: (t) => apply(t("x")), bounds: op === "exp" ? largeValues : bounds },
    { name: `${op}_special`, run: (t) => apply(t("x")), bounds: largeValues },
  ];
});

testRows(golden, [
  ...binaryRows,
  ...unaryRows,
  { name: "silu_mul", run: (t) => ops.siluMul(t("gate"), t("up")), bounds: each },
]);

test("golden elementwise: out receives the result, also in place", () => {
  using _ = scope();
  for (const name of ["add_same", "sub_same", "mul_same", "div_same"] as const) {
    const apply = ops[name.slice(0, 3) as "add" | "sub" | "mul" | "div"];
    const [a, b] = [golden.tensor(`${name}/a`), golden.tensor(`${name}/b`)];
    const expected = apply(a, b).toArray();
    const out = full(a.shape, 7);
    assertEquals(apply(a, b, { out }).handle, out.handle);
    assertEquals(out.toArray(), expected);
    assertEquals(apply(a, b, { out: b }).toArray(), expected);
  }
  for (const [name, apply] of Object.entries(unary)) {
    const x = golden.tensor(`${name}/x`);
    const expected = apply(x).toArray();
    const inPlace: Record<string, (x: Tensor) => Tensor> = {
      gelu_tanh: (y) => ops.gelu(y, { approximate: "tanh", out: y }),
    };
    const option = ops[name as "relu"];
    const result = inPlace[name]?.(x) ?? option(x, { out: x });
    assertEquals(result.handle, x.handle);
    assertEquals(x.toArray(), expected);
  }
});
