import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { full } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import { QorusError } from "../../lib/native/error.ts";
import * as ops from "../../lib/ops/elementwise.ts";
import * as functions from "../../lib/ops/unary.ts";
import { GoldenFile } from "../support/golden.ts";
import { binary } from "./ops/elementwise.ts";
import { unary } from "./ops/unary.ts";

const golden = new GoldenFile("elementwise");

test("golden elementwise: out receives the result, also in place", () => {
  using _ = scope();
  for (const op of binary) {
    const apply = ops[op];
    const [a, b] = [golden.tensor(`${op}_same/a`), golden.tensor(`${op}_same/b`)];
    const expected = apply(a, b).toArray();
    const out = full(a.shape, 7);
    assertEquals(apply(a, b, { out }).handle, out.handle);
    assertEquals(out.toArray(), expected);
    assertEquals(apply(a, b, { out: b }).toArray(), expected);
  }
  for (const [name, apply] of Object.values(unary).flatMap((calls) => Object.entries(calls))) {
    const x = golden.tensor(`${name}/x`);
    const expected = apply(x).toArray();
    assertEquals(apply(x, { out: x }).handle, x.handle);
    assertEquals(x.toArray(), expected);
  }
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
