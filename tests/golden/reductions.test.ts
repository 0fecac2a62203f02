import { test } from "node:test";
import { assert, assertThrows } from "@std/assert";
import { tensor, zeros } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import { QorusError } from "../../lib/native/error.ts";
import * as ops from "../../lib/ops/reduction.ts";

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
