import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../lib/autograd/gradient_check.ts";
import { ones, tensor, zeros } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import { rope, type RopeStyle, ropeTable } from "../../lib/ops/attention.ts";
import { batchNorm, groupNorm } from "../../lib/ops/channel_norm.ts";
import { mul } from "../../lib/ops/elementwise.ts";
import { embedding } from "../../lib/ops/embedding.ts";
import * as ops from "../../lib/ops/normalization.ts";
import { sum } from "../../lib/ops/reduction.ts";
import { assertClose, type Bounds } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenRow, testRows } from "../support/golden_rows.ts";

const golden = new GoldenFile("normalization");
const epsilon = 1e-5;

const cancelled: Bounds = {
  relative: Infinity,
  reason:
    "whatever is normalized alone or in pairs has gradients of 0 but for epsilon: all digits " +
    "cancel",
};
const longSums: Bounds = {
  absolute: 5e-5,
  reason: "sums of hundreds of terms reach 60, where neighbouring f32 lie 4e-6 apart",
};
const gradientBounds: Record<string, Bounds> = {
  rms_norm_one: cancelled,
  layer_norm_one: cancelled,
  batch_norm_pixels_train: cancelled,
  rms_norm_many: longSums,
  layer_norm_many: longSums,
  batch_norm_long_train: longSums,
  batch_norm_long_eval: longSums,
};

const softmaxRows: GoldenRow[] = [
  ...["odd", "vector", "one", "wide", "empty"].flatMap((name): GoldenRow[] => [
    { name: `softmax_${name}`, run: (t) => ops.softmax(t("x")) },
    { name: `log_softmax_${name}`, run: (t) => ops.logSoftmax(t("x")) },
  ]),
  { name: "softmax_scaled", run: (t) => ops.softmax(t("x"), { scale: 0.3 }) },
  { name: "softmax_first", run: (t) => ops.softmax(t("x"), { dim: 0 }) },
  { name: "softmax_middle", run: (t) => ops.softmax(t("x"), { dim: -2 }) },
  { name: "log_softmax_middle", run: (t) => ops.logSoftmax(t("x"), { dim: 1 }) },
  { name: "log_softmax_special", run: (t) => ops.logSoftmax(t("x")) },
  { name: "log_softmax_large", run: (t) => ops.logSoftmax(t("x")) },
];

const rowNorms = ["odd", "vector", "one", "many", "empty"].flatMap((name): GoldenRow[] => [
  { name: `rms_norm_${name}`, run: (t) => ops.rmsNorm(t("x"), t("weight"), epsilon) },
  {
    name: `layer_norm_${name}`,
    run: (t) => ops.layerNorm(t("x"), t("weight"), t("bias"), epsilon),
  },
]);

const channelNorms = ["vectors", "one_channel", "sequence", "images", "pixels", "long"].flatMap(
  (name): GoldenRow[] =>
    ["train", "eval"].map((mode) => ({
      name: `batch_norm_${name}_${mode}`,
      run: (t) =>
        batchNorm(t("x"), {
          weight: t("weight"),
          bias: t("bias"),
          runningMean: t("running_mean"),
          runningVariance: t("running_variance"),
          training: mode === "train",
          momentum: 0.3,
        }),
    })),
);

const groupNorms = [...golden.cases].filter((name) => /^group_norm_.*_\d+$/.test(name)).map(
  (name): GoldenRow => ({
    name,
    run: (t) =>
      groupNorm(t("x"), Number(name.slice(name.lastIndexOf("_") + 1)), {
        weight: t("weight"),
        bias: t("bias"),
      }),
  }),
);

const ropeRows = ["batch", "plain", "one"].flatMap((name) =>
  (["half", "neighbouring"] as RopeStyle[]).map((style): GoldenRow => ({
    name: `rope_${name}_${style}`,
    run: (t) => {
      const x = t("x");
      return rope(x, ropeTable(t("frequencies"), 0, x.shape[x.rank - 3]), style);
    },
  }))
);

const rows: GoldenRow[] = [
  ...softmaxRows,
  ...rowNorms,
  {
    name: "layer_norm_without_bias",
    run: (t) => ops.layerNorm(t("x"), t("weight"), undefined, epsilon),
  },
  ...channelNorms,
  ...groupNorms,
  { name: "group_norm_plain", run: (t) => groupNorm(t("x"), 2) },
  { name: "batch_norm_plain", run: (t) => batchNorm(t("x"), { training: true }) },
  ...ropeRows,
  ...["matrix", "vector", "none"].map((name): GoldenRow => ({
    name: `embedding_${name}`,
    run: (t) => embedding(t("weight"), t("ids")),
  })),
];

testRows(golden, rows.map((row) => ({ ...row, gradientBounds: gradientBounds[row.name] })));

for (const name of ["vectors", "one_channel", "sequence", "images", "pixels", "long"]) {
  test(`golden: batch_norm_${name}_train, running statistics`, () => {
    using _ = scope();
    const input = (key: string) => golden.tensor(`batch_norm_${name}_train/${key}`);
    const [runningMean, runningVariance] = [input("running_mean"), input("running_variance")];
    batchNorm(input("x"), { runningMean, runningVariance, training: true, momentum: 0.3 });
    const expected = (key: string) => golden.stored(`batch_norm_${name}_train/${key}`).numbers;
    assertClose(runningMean.read(), expected("expected_mean"));
    assertClose(runningVariance.read(), expected("expected_variance"));
  });
}

/** Numbers without a pattern, the same every time. */
function numbers(shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((product, count) => product * count, 1);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(1 + seed + i * 12.9898));
  return tensor(values, { shape });
}

function checkAll(compute: (...inputs: Tensor[]) => Tensor, shapes: readonly number[][]): void {
  using _ = scope();
  const inputs = shapes.map((shape, i) => numbers(shape, 3 * i));
  const weights = numbers(compute(...inputs).shape, 50);
  checkGradients((...given) => sum(mul(compute(...given), weights)), inputs);
}

test("normalization: gradients agree with differences", () => {
  checkAll((x) => ops.softmax(x, { dim: 0, scale: 1.5 }), [[3, 5]]);
  checkAll((x) => ops.logSoftmax(x), [[2, 3, 5]]);
  checkAll((x, weight) => ops.rmsNorm(x, weight, epsilon), [[3, 9], [9]]);
  checkAll((x, weight, bias) => ops.layerNorm(x, weight, bias, epsilon), [[3, 9], [9], [9]]);
  checkAll(
    (x, weight, bias) => batchNorm(x, { weight, bias, training: true }),
    [[3, 2, 4], [2], [2]],
  );
  checkAll((x, weight, bias) => groupNorm(x, 2, { weight, bias }), [[2, 4, 3], [4], [4]]);
  checkAll((x) => rope(x, ropeTable(numbers([3], 8), 2, 3), "half"), [[2, 3, 2, 6]]);
  checkAll((weight) => embedding(weight, tensor(Int32Array.of(2, 0, 2))), [[3, 4]]);
});

test("normalization: bad operands are refused with what is wrong", () => {
  using _ = scope();
  const x = ones([2, 4, 3]);
  const fails = (run: () => unknown, part: string) => assertThrows(run, QorusError, part).code;
  assertEquals(fails(() => ops.softmax(x, { dim: 3 }), "dimension 3 of a tensor"), "out_of_range");
  assertEquals(
    fails(() => groupNorm(x, 3), "4 channels cannot be cut into 3 groups"),
    "invalid_shape",
  );
  assertEquals(fails(() => groupNorm(x, 0), "0 groups"), "invalid_argument");
  assertEquals(fails(() => batchNorm(x), "runningMean and runningVariance"), "invalid_argument");
  assertEquals(
    fails(() => batchNorm(ones([1, 4]), { training: true }), "one value per channel"),
    "invalid_shape",
  );
  assertEquals(
    fails(() => batchNorm(x, { training: true, weight: ones([3]) }), "weight is [3], expected [4]"),
    "invalid_shape",
  );
  const learned = ones([4, 3]);
  learned.requiresGrad = true;
  assertEquals(
    fails(() => ops.addRmsNorm(learned, zeros([4, 3]), ones([3]), epsilon), "overwritten"),
    "invalid_argument",
  );
  assertEquals(
    fails(() => embedding(learned, tensor(Int32Array.of(4))), "id 4 at place 0"),
    "out_of_range",
  );
});
