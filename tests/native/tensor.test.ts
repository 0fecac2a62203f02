import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { counters, libraryInfo } from "../../lib/core/context.ts";
import { empty, full, tensor, zeros } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import { QorusError } from "../../lib/native/error.ts";
import { to } from "../../lib/ops/convert.ts";

test("tensor: nested arrays go in and come out", () => {
  using _ = scope();
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  assertEquals(x.shape, [2, 3]);
  assertEquals(x.dtype, "f32");
  assertEquals(x.strides, [12, 4]);
  assertEquals(x.toArray(), [[1, 2, 3], [4, 5, 6]]);
  assertEquals(tensor(7).item(), 7);
  assertEquals(tensor(new Int32Array([1, -2])).dtype, "i32");
  assertThrows(() => tensor([[1, 2], [3]]), QorusError, "differ in length");
});

test("tensor: views share memory", () => {
  using _ = scope();
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const turned = x.transpose(0, 1);
  assertEquals(turned.toArray(), [[1, 4], [2, 5], [3, 6]]);
  assert(!turned.isContiguous);
  assertThrows(() => turned.data, QorusError, "contiguous");
  assertThrows(() => turned.view([6]), QorusError, "contiguous");
  assertEquals(turned.reshape([6]).toArray(), [1, 4, 2, 5, 3, 6]);
  assertEquals(x.reshape([3, -1]).toArray(), [[1, 2], [3, 4], [5, 6]]);
  assertEquals(x.slice(1, 0, 3, 2).toArray(), [[1, 3], [4, 6]]);
  assertEquals(x.slice(0, -1, 2).toArray(), [[4, 5, 6]]);
  assertEquals(tensor([[1], [2]]).expand([2, 2]).toArray(), [[1, 1], [2, 2]]);
  x.data[0] = 9;
  assertEquals(turned.contiguous().toArray(), [[9, 4], [2, 5], [3, 6]]);
  assertThrows(() => x.view([7]), QorusError, "[2, 3] has 6 elements, [7] has 7");
  assertThrows(() => x.permute([0, 0]), QorusError, "permute");
  assertThrows(() => x.slice(1, 2, 9), QorusError, "slice");
  assertThrows(() => x.expand([4, 3]), QorusError, "cannot be expanded");
});

test("scope: its tensors end with it, and arrays from data become empty", () => {
  const outer = scope();
  const kept = zeros([4]);
  const inner = scope();
  const x = full([2], 3);
  const { data } = x;
  assertEquals(data.length, 2);
  inner[Symbol.dispose]();
  inner[Symbol.dispose]();
  assertEquals(data.length, 0);
  assert(!x.isLive);
  const error = assertThrows(() => x.toArray(), QorusError, "after its scope ended");
  assertEquals(error.code, "stale_handle");
  // The same descriptor and memory serve the next tensor; the old one must not see it.
  const next = full([2], 4);
  assertThrows(() => x.shape, QorusError, "after its scope ended");
  assertEquals(next.toArray(), [4, 4]);
  assertEquals(kept.toArray(), [0, 0, 0, 0]);
  outer[Symbol.dispose]();
  assert(!kept.isLive);
});

test("scope: an outer scope ends the inner ones", () => {
  const outer = scope();
  const inner = scope();
  outer[Symbol.dispose]();
  inner[Symbol.dispose]();
  assertEquals(counters().scratchTensorCount, 0);
});

test("scope: a loop allocates nothing", () => {
  const step = () => {
    using _ = scope();
    zeros([1000]).transpose(0, 0);
  };
  step();
  const before = counters();
  for (let i = 0; i < 1000; i++) step();
  const after = counters();
  assertEquals(after.allocationCount, before.allocationCount);
  assertEquals(after.scratchHighWaterBytes, before.scratchHighWaterBytes);
});

test("tensor: wrong dtypes, shapes and sizes are errors", () => {
  using _ = scope();
  assertThrows(() => empty([33], { dtype: "q8_0" }), QorusError, "multiple of 32");
  assertThrows(() => empty([1, 1, 1, 1, 1, 1, 1]), QorusError, "more than 6 dimensions");
  assertThrows(() => empty([-1]), QorusError, "size -1");
  assertThrows(() => empty([2 ** 31, 2 ** 31, 4]), QorusError, "does not fit");
  assertThrows(() => empty([32, 32], { layout: "rows16" }), QorusError, "rows16");
  const full = assertThrows(() => empty([2 ** 31, 2 ** 20]), QorusError, "scratchBytes");
  assertEquals(full.code, "arena_full");
  assertThrows(() => tensor([1, 2]).item(), QorusError, "not one element");
  assertThrows(() => empty([2, 2]).write([1]), QorusError, "takes 4");
});

test("tensor: quantized tensors have views of whole rows", () => {
  using _ = scope();
  const numbers = tensor(Float32Array.from({ length: 384 }, (_, i) => Math.sin(i)), {
    shape: [6, 64],
  });
  const blocks = to(numbers, "q8_0").view([2, 3, 64]);
  const exact = to(blocks.view([6, 64]), "f32").toArray() as number[][];
  const half = blocks.slice(0, 1, 2);
  assertEquals([half.shape, half.isContiguous], [[1, 3, 64], true]);
  assertEquals(to(half.view([3, 64]), "f32").toArray(), exact.slice(3));
  // Wider or narrower rows are other runs of the same blocks.
  assertEquals(to(blocks.view([4, 96]), "f32").view([6, 64]).toArray(), exact);
  const columns = blocks.slice(1, 0, 1);
  assertEquals(columns.isContiguous, false);
  const strided = assertThrows(() => to(columns, "f32"), QorusError, "contiguous");
  assertEquals(strided.code, "invalid_layout");
  assertThrows(() => columns.view([2, 64]), QorusError, "cannot be reshaped");
  for (
    const cut of [
      () => blocks.slice(2, 0, 32),
      () => blocks.transpose(0, 1),
      () => blocks.slice(0, 0, 1).expand([2, 3, 64]),
    ]
  ) {
    assertEquals(assertThrows(cut, QorusError, "share blocks").code, "invalid_dtype");
  }
  assertThrows(() => blocks.view([12, 16, 2]), QorusError);
  const interleaved = empty([16, 64], { dtype: "q8_0", layout: "rows16" });
  for (const view of [() => interleaved.slice(0, 0, 1), () => interleaved.view([4, 4, 64])]) {
    assertEquals(assertThrows(view, QorusError, "interleaved").code, "invalid_layout");
  }
});

test("libraryInfo: says what runs", () => {
  const info = libraryInfo();
  assert(info.threads >= 1);
  assert(["baseline", "v3", "v4", "v4_bf16", "dotprod"].includes(info.isa));
});
