import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { arange, rand, randn, tensor } from "../../lib/core/creation.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import { QorusError } from "../../lib/native/error.ts";
import { gather } from "../../lib/ops/indexing.ts";
import { concat, pad, repeat, split } from "../../lib/ops/joining.ts";

test("shapes: what does not fit is an error", () => {
  using _ = scope();
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const index = (values: number[][]) => tensor(values, { dtype: "i32" });
  assertThrows(() => gather(x, 0, index([[2, 0, 0]])), QorusError, "index 2 is outside");
  assertThrows(() => gather(x, 1, index([[-1]])), QorusError, "index -1 is outside");
  assertThrows(() => gather(x, 0, x), QorusError, "expected i32");
  assertThrows(() => gather(x, 0, index([[0, 0, 0, 0]])), QorusError, "larger than x");
  assertThrows(() => gather(x, 2, index([[0]])), QorusError, "dimension 2");
  assertThrows(() => concat([]), QorusError, "no tensors");
  assertThrows(() => concat([x, tensor([[1, 2]])]), QorusError, "differ in another dimension");
  assertThrows(() => concat([x, tensor([1, 2, 3])]), QorusError, "differ in another dimension");
  assertThrows(() => split(x, [1, 1], 1), QorusError, "do not add up to 3");
  assertThrows(() => pad(x, [1], [1]), QorusError, "rank 2");
  assertThrows(() => pad(x, [-1, 0], [0, 0]), QorusError, "[-1,0]");
  assertThrows(() => repeat(x, [2]), QorusError, "1 counts");
});

test("creation: ranges and random numbers", () => {
  using _ = scope();
  assertEquals(arange(0, 5).toArray(), [0, 1, 2, 3, 4]);
  assertEquals(arange(5, 0, -2).toArray(), [5, 3, 1]);
  assertEquals(arange(3, 3).toArray(), []);
  assertThrows(() => arange(0, 1, 0), QorusError, "no end");
  manualSeed(7);
  const first = [...randn([1000]).read()];
  manualSeed(7);
  assertEquals([...randn([1000]).read()], first);
  const mean = first.reduce((sum, x) => sum + x, 0) / 1000;
  const variance = first.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 1000;
  assertEquals([Math.abs(mean) < 0.1, Math.abs(variance - 1) < 0.15], [true, true]);
  assertEquals(rand([1000]).read().every((x) => x >= 0 && x < 1), true);
});
