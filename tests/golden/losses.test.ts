import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import { checkGradients } from "../../lib/autograd/gradient_check.ts";
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
  l1Loss,
  mseLoss,
  nllLoss,
  type Reduction,
} from "../../lib/ops/losses.ts";
import { assertClose, type Bounds } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";

const golden = new GoldenFile("losses");
const reductions: Reduction[] = ["mean", "sum", "none"];

type Loss = (
  x: Tensor,
  target: Tensor,
  reduction: Reduction,
  more: (name: string) => Tensor,
) => Tensor;

interface LossRow {
  name: string;
  run: Loss;
  bounds?: Bounds;
}

const large: Bounds = {
  absolute: Infinity,
  reason: "losses up to 3e38, whose neighbours lie further apart than the absolute bound",
};
const sums: Bounds = {
  absolute: 3e-4,
  reason: "a sum of up to a thousand, whose f32 neighbours lie further apart than the bound",
};

const sizes = ["odd", "one", "vector", "many", "pixels", "empty"];
const rows: LossRow[] = [
  ...sizes.map((size): LossRow => ({
    name: `cross_entropy_${size}`,
    run: (x, t, reduction) => crossEntropy(x, t, { reduction }),
  })),
  ...sizes.map((size): LossRow => ({
    name: `nll_${size}`,
    run: (x, t, reduction) => nllLoss(x, t, { reduction }),
  })),
  {
    name: "cross_entropy_smooth",
    run: (x, t, reduction) => crossEntropy(x, t, { reduction, labelSmoothing: 0.1 }),
  },
  {
    name: "cross_entropy_weighted",
    run: (x, t, reduction, more) =>
      crossEntropy(x, t, { reduction, weight: more("weight"), labelSmoothing: 0.2 }),
  },
  {
    name: "cross_entropy_ignore",
    run: (x, t, reduction, more) =>
      crossEntropy(x, t, { reduction, weight: more("weight"), ignoreIndex: 3 }),
  },
  {
    name: "nll_ignore",
    run: (x, t, reduction, more) =>
      nllLoss(x, t, { reduction, weight: more("weight"), ignoreIndex: 3 }),
  },
  ...["all_ignored", "probabilities", "probabilities_pixels", "special"].map((name): LossRow => ({
    name: `cross_entropy_${name}`,
    run: (x, t, reduction) => crossEntropy(x, t, { reduction }),
  })),
  {
    name: "cross_entropy_extreme",
    run: (x, t, reduction) => crossEntropy(x, t, { reduction }),
    bounds: large,
  },
  {
    name: "cross_entropy_probabilities_weighted",
    run: (x, t, reduction, more) =>
      crossEntropy(x, t, { reduction, weight: more("weight"), labelSmoothing: 0.2 }),
  },
  ...["odd", "rank0", "one", "empty", "special"].flatMap((size): LossRow[] => [
    { name: `mse_${size}`, run: (x, t, reduction) => mseLoss(x, t, { reduction }), bounds: sums },
    { name: `l1_${size}`, run: (x, t, reduction) => l1Loss(x, t, { reduction }), bounds: sums },
    {
      name: `huber_${size}`,
      run: (x, t, reduction) => huberLoss(x, t, { reduction }),
      bounds: sums,
    },
  ]),
  {
    name: "huber_delta",
    run: (x, t, reduction) => huberLoss(x, t, { reduction, delta: 2.5 }),
    bounds: sums,
  },
  { name: "bce", run: (x, t, reduction) => bceWithLogits(x, t, { reduction }), bounds: sums },
  { name: "bce_special", run: (x, t, reduction) => bceWithLogits(x, t, { reduction }) },
  {
    name: "bce_weighted",
    run: (x, t, reduction, more) =>
      bceWithLogits(x, t, { reduction, weight: more("weight"), posWeight: more("positive") }),
    bounds: sums,
  },
  { name: "kl_div", run: (x, t, reduction) => klDiv(x, t, { reduction }) },
  { name: "kl_div_log", run: (x, t, reduction) => klDiv(x, t, { reduction, logTarget: true }) },
];

for (const { name, run, bounds } of rows) {
  for (const reduction of reductions) {
    const key = `${name}_${reduction}`;
    test(`golden: ${key}`, () => {
      using _ = scope();
      const input = (field: string) => golden.tensor(`${key}/${field}`);
      const [x, target] = [input("x"), input("target")];
      x.requiresGrad = true;
      const targetGradient = golden.names(`${key}/`).includes("expected_target_gradient");
      target.requiresGrad = targetGradient;
      const loss = run(x, target, reduction, input);
      const expected = golden.stored(`${key}/expected`);
      assertEquals(loss.shape, [...expected.shape]);
      assertClose(loss.read(), expected.numbers, bounds);
      backward(loss, { gradient: input("upstream") });
      assertClose(x.grad!.read(), golden.stored(`${key}/expected_input_gradient`).numbers, bounds);
      if (!targetGradient) return;
      assertClose(target.grad!.read(), golden.stored(`${key}/expected_target_gradient`).numbers);
    });
  }
}

test("golden: klDiv as a mean over the batch", () => {
  using _ = scope();
  const [x, target] = [
    golden.tensor("kl_div_batchmean/x"),
    golden.tensor("kl_div_batchmean/target"),
  ];
  const loss = klDiv(x, target, { reduction: "batchmean" });
  assertClose(loss.read(), golden.stored("kl_div_batchmean/expected").numbers);
});

test("golden: no loss is forgotten", () => {
  const named = new Set(rows.flatMap(({ name }) => reductions.map((end) => `${name}_${end}`)));
  named.add("kl_div_batchmean");
  assertEquals([...golden.cases].filter((name) => !named.has(name)), []);
});

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

test("losses: gradients agree with finite differences", () => {
  using _ = scope();
  const x = tensor([[0.3, -1.2, 0.8], [2, 0.1, -0.4]]);
  const other = tensor([[0.9, 0.2, -0.5], [0.6, 0.75, 0.3]]);
  const shares = tensor([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]);
  const classes = tensor(new Int32Array([2, 0]));
  const options = { labelSmoothing: 0.1, weight: tensor([1, 0.5, 2]) };
  checkGradients((a) => crossEntropy(a, classes, options), [x]);
  checkGradients((a) => crossEntropy(a, shares, options), [x]);
  checkGradients((a) => nllLoss(a, classes), [x]);
  checkGradients((a, b) => mseLoss(a, b, { reduction: "sum" }), [x, other]);
  checkGradients((a, b) => l1Loss(a, b, { reduction: "sum" }), [x, other]);
  checkGradients((a, b) => huberLoss(a, b, { reduction: "sum", delta: 0.5 }), [x, other]);
  checkGradients((a) => bceWithLogits(a, shares, { posWeight: options.weight }), [x]);
  checkGradients((a) => klDiv(a, shares, { reduction: "batchmean" }), [x]);
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
