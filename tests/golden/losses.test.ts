import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import { counters } from "../../lib/core/context.ts";
import { tensor, zeros } from "../../lib/core/creation.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import {
  bceWithLogits,
  crossEntropy,
  huberLoss,
  klDiv,
  mseLoss,
  nllLoss,
  type Reduction,
} from "../../lib/ops/losses.ts";
import { assertClose } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";

const golden = new GoldenFile("losses");
test("losses: views give what contiguous tensors give, with gradients", () => {
  using _ = scope();
  const x = golden.tensor("cross_entropy_odd_mean/x");
  const target = golden.tensor("cross_entropy_odd_mean/target");
  const expected = golden.stored("cross_entropy_odd_mean/expected").numbers;
  const turned = x.transpose(0, 1).contiguous();
  turned.requiresGrad = true;
  const loss = crossEntropy(turned.transpose(0, 1), target);
  assertClose(loss.read(), expected);
  backward(loss);
  const plain = golden.tensor("cross_entropy_odd_mean/x");
  plain.requiresGrad = true;
  backward(crossEntropy(plain, target));
  assertClose(turned.grad!.transpose(0, 1).contiguous().read(), plain.grad!.read());
});

test("losses: classes out of range are errors that name them", () => {
  using _ = scope();
  const x = zeros([2, 3]);
  for (const bad of [3, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    const target = tensor(new Int32Array([0, bad]));
    for (const loss of [crossEntropy, nllLoss]) {
      const error = assertThrows(() => loss(x, target), QorusError, `target 1 is class ${bad}`);
      assertEquals(error.code, "out_of_range");
    }
  }
});

test("losses: wrong shapes, dtypes and options are errors", () => {
  using _ = scope();
  const x = zeros([2, 3]);
  const classes = tensor(new Int32Array([0, 1]));
  const fails = (run: () => Tensor, code: string) =>
    assertEquals(assertThrows(run, QorusError).code, code);
  fails(() => crossEntropy(x, tensor(new Int32Array([0]))), "invalid_shape");
  fails(() => crossEntropy(x, zeros([3, 2])), "invalid_shape");
  fails(() => crossEntropy(x, zeros([2], { dtype: "u8" })), "invalid_dtype");
  fails(() => crossEntropy(x, classes, { weight: zeros([2]) }), "invalid_shape");
  fails(() => crossEntropy(x, classes, { labelSmoothing: 1.5 }), "invalid_argument");
  fails(() => crossEntropy(x, classes, { ignoreIndex: 0.5 }), "invalid_argument");
  fails(() => crossEntropy(zeros([2, 0]), classes), "invalid_shape");
  fails(() => crossEntropy(x, classes, { reduction: "all" as Reduction }), "invalid_argument");
  fails(() => nllLoss(x, x), "invalid_dtype");
  fails(() => mseLoss(x, zeros([3])), "invalid_shape");
  fails(() => mseLoss(x, classes), "invalid_dtype");
  fails(() => huberLoss(x, x, { delta: 0 }), "invalid_argument");
  fails(() => bceWithLogits(x, x, { weight: zeros([4]) }), "invalid_shape");
  const learned = zeros([2, 3]);
  learned.requiresGrad = true;
  fails(() => klDiv(x, learned), "invalid_argument");
  assertEquals(noGrad(() => klDiv(x, learned)).item(), 0);
});

test("losses: a gradient exists only where it is wanted, and a step allocates nothing", () => {
  using _ = scope();
  const x = zeros([64, 32]);
  const target = zeros([64], { dtype: "i32" });
  const bytes = () => {
    using _ = scope();
    const before = counters().scratchBytes;
    crossEntropy(x, target);
    return counters().scratchBytes - before;
  };
  assert(bytes() < 1024);
  x.requiresGrad = true;
  assert(bytes() >= 64 * 32 * 4);
  const { allocationCount } = counters();
  for (let i = 0; i < 100; i++) bytes();
  assertEquals(counters().allocationCount, allocationCount);
});
