import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { full } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import { linear, matmul } from "../../lib/ops/matmul.ts";
import { GoldenFile } from "../support/golden.ts";

const golden = new GoldenFile("products");

test("golden products: out receives the result", () => {
  using _ = scope();
  const [a, b] = [golden.tensor("matmul_batched/a"), golden.tensor("matmul_batched/b")];
  const out = full([3, 5, 4], 7);
  assertEquals(matmul(a, b, { out }).handle, out.handle);
  assertEquals(out.toArray(), matmul(a, b).toArray());
  const [x, weight] = [golden.tensor("linear_one/x"), golden.tensor("linear_one/weight")];
  const target = full([3, 1], 7);
  assertEquals(linear(x, weight, undefined, { out: target }).handle, target.handle);
  assertEquals(target.toArray(), linear(x, weight).toArray());
});
