import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../lib/autograd/gradient_check.ts";
import { arange, randn, zeros } from "../../lib/core/creation.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import { mul } from "../../lib/ops/elementwise.ts";
import { adaptiveAvgPool2d, avgPool2d, maxPool2d } from "../../lib/ops/pooling.ts";
import { sum } from "../../lib/ops/reduction.ts";
import { GoldenFile } from "../support/golden.ts";
import { testRows } from "../support/golden_rows.ts";

testRows(new GoldenFile("pooling"), [
  { name: "max_pool", run: (t) => maxPool2d(t("x"), 2) },
  { name: "max_pool_wide", run: (t) => maxPool2d(t("x"), 2) },
  { name: "max_pool_odd", run: (t) => maxPool2d(t("x"), 2) },
  { name: "max_pool_ceil", run: (t) => maxPool2d(t("x"), 2, { ceilMode: true }) },
  { name: "max_pool_stride", run: (t) => maxPool2d(t("x"), 3, { stride: 2, padding: 1 }) },
  {
    name: "max_pool_pairs",
    run: (t) => maxPool2d(t("x"), [3, 2], { stride: [1, 3], padding: [1, 0] }),
  },
  {
    name: "max_pool_dilation",
    run: (t) => maxPool2d(t("x"), 3, { stride: 2, dilation: 2, padding: 1 }),
  },
  { name: "max_pool_one_pixel", run: (t) => maxPool2d(t("x"), 1) },
  { name: "max_pool_no_images", run: (t) => maxPool2d(t("x"), 2) },
  { name: "max_pool_view", run: (t) => maxPool2d(t("x").transpose(2, 3), 2) },
  { name: "max_pool_special", run: (t) => maxPool2d(t("x"), 2) },
  { name: "avg_pool", run: (t) => avgPool2d(t("x"), 2) },
  { name: "avg_pool_padding", run: (t) => avgPool2d(t("x"), 3, { stride: 2, padding: 1 }) },
  {
    name: "avg_pool_without_padding",
    run: (t) => avgPool2d(t("x"), 3, { stride: 2, padding: 1, countIncludePad: false }),
  },
  {
    name: "avg_pool_ceil",
    run: (t) => avgPool2d(t("x"), 3, { stride: 2, padding: 1, ceilMode: true }),
  },
  {
    name: "avg_pool_pairs",
    run: (t) => avgPool2d(t("x"), [2, 33], { stride: [3, 2], ceilMode: true }),
  },
  { name: "avg_pool_one_pixel", run: (t) => avgPool2d(t("x"), 1) },
  { name: "adaptive", run: (t) => adaptiveAvgPool2d(t("x"), [3, 4]) },
  { name: "adaptive_whole", run: (t) => adaptiveAvgPool2d(t("x"), 1) },
  { name: "adaptive_larger", run: (t) => adaptiveAvgPool2d(t("x"), [5, 4]) },
]);

test("pooling: gradients are difference quotients", () => {
  using _ = scope();
  manualSeed(4);
  const loss = (y: Tensor) => sum(mul(y, y));
  const apart = mul(arange(0, 60).reshape([1, 2, 5, 6]), 0.1);
  checkGradients((x) => loss(maxPool2d(x, 3, { stride: 2, padding: 1 })), [apart]);
  const average = (x: Tensor) => loss(avgPool2d(x, 3, { stride: 2, padding: 1 }));
  checkGradients(average, [randn([2, 2, 5, 6])]);
  checkGradients((x) => loss(adaptiveAvgPool2d(x, [2, 4])), [randn([2, 2, 5, 6])]);
});

test("pooling: what does not fit is refused", () => {
  using _ = scope();
  const fails = (run: () => Tensor, code: string, part: string) =>
    assertEquals(assertThrows(run, QorusError, part).code, code);
  const x = zeros([1, 2, 4, 5]);
  fails(() => maxPool2d(x, 6), "invalid_shape", "spans 6 of 4 rows");
  fails(() => maxPool2d(x, 2, { padding: 2 }), "invalid_argument", "half of the kernel");
  fails(() => maxPool2d(x, 0), "invalid_argument", "between 1");
  fails(() => avgPool2d(x, 2, { stride: 0.5 }), "invalid_argument", "0.5");
  fails(() => avgPool2d(zeros([2, 4, 5]), 2), "invalid_shape", "expected rank 4");
  fails(() => adaptiveAvgPool2d(x, 0), "invalid_shape", "no size may be 0");
  fails(() => adaptiveAvgPool2d(zeros([1, 1, 0, 3]), 1), "invalid_shape", "no size may be 0");
});
