import { test } from "node:test";
import { inspect } from "node:util";
import { assert, assertEquals } from "@std/assert";
import { counters } from "../../lib/core/context.ts";
import { arange, full, tensor, zeros } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import { to } from "../../lib/ops/convert.ts";

test("printing: whole numbers, fractions and large ranges choose their digits", () => {
  using _ = scope();
  const head = "Tensor([3], f32, cpu)\n";
  assertEquals(String(tensor([1, -2, 30])), `${head}[ 1, -2, 30]`);
  assertEquals(String(tensor([1, -2.5, 0.125])), `${head}[ 1.0000, -2.5000,  0.1250]`);
  assertEquals(String(tensor([1, 1e-5, 0])), `${head}[1.0000e+0, 1.0000e-5, 0.0000e+0]`);
  assertEquals(String(tensor([1.5, NaN, -Infinity])), `${head}[1.5000,    nan,   -inf]`);
  assertEquals(String(tensor(7)), "Tensor([], f32, cpu) 7");
  assertEquals(String(zeros([2, 0])), "Tensor([2, 0], f32, cpu) []");
  assertEquals(
    String(tensor(new Int32Array([4, 5]), { shape: [2, 1] })),
    "Tensor([2, 1], i32, cpu)\n[[4],\n [5]]",
  );
});

test("printing: views and every dtype show their numbers, and nothing stays in scratch", () => {
  using _ = scope();
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  x.requiresGrad = true;
  const turned = x.transpose(0, 1);
  const before = counters();
  assertEquals(String(turned), "Tensor([3, 2], f32, cpu)\n[[1, 4],\n [2, 5],\n [3, 6]]");
  const cube = arange(0, 8).reshape([2, 2, 2]);
  assertEquals(
    inspect(cube),
    "Tensor([2, 2, 2], f32, cpu)\n[[[0, 1],\n  [2, 3]],\n\n [[4, 5],\n  [6, 7]]]",
  );
  assertEquals(counters().scratchTensorCount, before.scratchTensorCount + 2);
  assertEquals(String(to(x, "f16")), "Tensor([2, 3], f16, cpu)\n[[1, 2, 3],\n [4, 5, 6]]");
  assertEquals(String(to(zeros([1, 32]), "q8_0")), "Tensor([1, 32], q8_0, cpu)");
  assertEquals(turned.detach().toArray(), [[1, 4], [2, 5], [3, 6]]);
  assert(!turned.detach().requiresGrad);
});

test("printing: the middle of large tensors is left out, long rows are broken", () => {
  using _ = scope();
  assertEquals(
    String(arange(0, 1001)),
    "Tensor([1001], f32, cpu)\n[   0,    1,    2, ...,  998,  999, 1000]",
  );
  const lines = String(arange(0, 10_000).reshape([100, 100])).split("\n");
  assertEquals(lines.length, 8);
  assertEquals(lines[1], "[[   0,    1,    2, ...,   97,   98,   99],");
  assertEquals(lines[4], " ...,");
  assertEquals(lines[7], " [9900, 9901, 9902, ..., 9997, 9998, 9999]]");
  assertEquals(String(zeros([2, 4, 600])).split("\n").length, 1 + 4 + 1 + 4);
  assert(String(full([200], 0.5)).split("\n").every((line) => line.length <= 80));
});

test("printing: a tensor that has ended says so", () => {
  const step = scope();
  const x = tensor([1]);
  step[Symbol.dispose]();
  assertEquals(String(x), "Tensor(ended)");
});
