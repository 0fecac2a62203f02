import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { arange, type NumberArray, rand, randn, tensor, zeros } from "../../lib/core/creation.ts";
import type { DType } from "../../lib/core/dtype.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import { to } from "../../lib/ops/convert.ts";
import { causalMask } from "../../lib/ops/normalization.ts";
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

test("creation: arrays of every type, and what has no dtype", () => {
  using _ = scope();
  const dtypes = new Map<NumberArray, DType>([
    [Float32Array.of(1, 2), "f32"],
    [Float64Array.of(1, 2), "f32"],
    [Int8Array.of(1, 2), "i32"],
    [Int16Array.of(1, 2), "i32"],
    [Int32Array.of(1, 2), "i32"],
    [Uint16Array.of(1, 2), "i32"],
    [Uint8Array.of(1, 2), "u8"],
    [Uint8ClampedArray.of(1, 2), "u8"],
  ]);
  for (const [values, dtype] of dtypes) {
    const made = tensor(values);
    assertEquals([made.dtype, made.toArray()], [dtype, [1, 2]]);
  }
  const wide = Uint32Array.of(1) as unknown as NumberArray;
  assertThrows(() => tensor(wide), QorusError, "Uint32Array given");
  for (const dtype of ["f16", "bf16"] as const) {
    assertEquals(tensor([[1.5, -2]], { dtype }).toArray(), [[1.5, -2]]);
  }
  const blocks = tensor(new Float32Array(32).fill(127), { shape: [1, 32], dtype: "q8_0" });
  assertEquals(to(blocks, "f32").toArray(), [new Array(32).fill(127)]);
});

test("causalMask: refuses to overwrite what gradients may need", () => {
  using _ = scope();
  const scores = zeros([2, 2]);
  scores.requiresGrad = true;
  assertThrows(() => causalMask(scores), QorusError, "overwritten");
  assertEquals(noGrad(() => causalMask(scores)).toArray(), [[0, -Infinity], [0, 0]]);
});

test("creation: ranges and random numbers", () => {
  using _ = scope();
  assertEquals(arange(3).toArray(), [0, 1, 2]);
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
