import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../lib/autograd/gradient_check.ts";
import { randn, zeros } from "../../lib/core/creation.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import {
  conv1d,
  type Conv1dOptions,
  conv2d,
  type Conv2dOptions,
  convTranspose2d,
  type ConvTranspose2dOptions,
} from "../../lib/ops/convolution.ts";
import { mul } from "../../lib/ops/elementwise.ts";
import { sum } from "../../lib/ops/reduction.ts";
import type { Bounds } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenRow, type Inputs, testRows } from "../support/golden_rows.ts";

const golden = new GoldenFile("convolution");

function biasOf(name: string, input: Inputs): Tensor | undefined {
  return golden.names(`${name}/`).includes("bias") ? input("bias") : undefined;
}

const conv2dCases: Record<string, Conv2dOptions> = {
  conv2d: {},
  conv2d_without_bias: {},
  conv2d_padding: { padding: 1 },
  conv2d_padding_pair: { padding: [2, 3] },
  conv2d_stride: { stride: 2, padding: 1 },
  conv2d_stride_pair: { stride: [3, 2] },
  conv2d_stride_beyond_kernel: { stride: 4 },
  conv2d_stride_of_points: { stride: 2 },
  conv2d_dilation: { dilation: [2, 3], padding: 2 },
  conv2d_dilation_stride: { dilation: [3, 2], stride: [2, 3], padding: [1, 2] },
  conv2d_groups: { groups: 3, padding: 1 },
  conv2d_depthwise: { groups: 5, padding: 1 },
  conv2d_depthwise_stride: { groups: 4, stride: 2 },
  conv2d_points: {},
  conv2d_one_pixel: {},
  conv2d_one_pixel_padded: { padding: 1 },
  conv2d_one_channel: { padding: 2 },
  conv2d_whole_kernel: {},
  conv2d_larger_kernel: { padding: [4, 3] },
  conv2d_many: { padding: 1 },
  conv2d_huge_kernel: { padding: 1 },
  conv2d_no_images: {},
};

const transposeCases: Record<string, ConvTranspose2dOptions> = {
  conv_transpose2d: {},
  conv_transpose2d_without_bias: { stride: 2 },
  conv_transpose2d_stride: { stride: 2, padding: 1 },
  conv_transpose2d_output_padding: { stride: [3, 2], padding: 1, outputPadding: [2, 1] },
  conv_transpose2d_gaps: { stride: 3 },
  conv_transpose2d_gaps_without_bias: { stride: [3, 4] },
  conv_transpose2d_dilation: { dilation: [2, 3], outputPadding: [1, 2] },
  conv_transpose2d_groups: { groups: 2, stride: 2 },
  conv_transpose2d_depthwise: { groups: 4, padding: 1 },
  conv_transpose2d_one_pixel: {},
};

const conv1dCases: Record<string, Conv1dOptions> = {
  conv1d: { padding: 2 },
  conv1d_stride: { stride: 3, dilation: 2 },
  conv1d_depthwise: { groups: 6 },
  conv1d_one_element: {},
  conv1d_long: { padding: 1 },
};

const longSums: Bounds = {
  absolute: 2e-4,
  reason: "sums of up to thousands of terms in f32, with results up to 170",
};
const withLongSums = ["conv2d_many", "conv2d_huge_kernel", "conv1d_long"];
const largeGradients: Bounds = {
  absolute: 4e-5,
  reason: "gradients of up to 26, where the last digit of f32 is 2e-6, summed without FMA",
};

function rowsOf<Options>(
  cases: Record<string, Options>,
  run: (x: Tensor, weight: Tensor, bias: Tensor | undefined, options: Options) => Tensor,
): GoldenRow[] {
  return Object.entries(cases).map(([name, options]) => ({
    name,
    run: (t) => run(t("x"), t("weight"), biasOf(name, t), options),
    bounds: withLongSums.includes(name) ? longSums : undefined,
    gradientBounds: name === "conv2d_dilation" ? largeGradients : undefined,
  }));
}

testRows(golden, [
  ...rowsOf(conv2dCases, conv2d),
  ...rowsOf(transposeCases, convTranspose2d),
  ...rowsOf(conv1dCases, conv1d),
  {
    name: "conv2d_views",
    run: (t) => {
      const x = t("x").transpose(0, 1).slice(2, 1, 8, 2);
      const weight = t("weight").transpose(0, 1);
      return conv2d(x, weight, undefined, { padding: 1 }).permute([0, 2, 3, 1]);
    },
  },
]);

test("convolution: gradients are difference quotients", () => {
  using _ = scope();
  manualSeed(3);
  const x = randn([2, 4, 5, 4]);
  const bias = randn([6]);
  const by: Conv2dOptions = { stride: [2, 1], padding: 1, groups: 2 };
  const loss = (y: Tensor) => sum(mul(y, y));
  const conv = (x: Tensor, w: Tensor, b: Tensor) => loss(conv2d(x, w, b, by));
  checkGradients(conv, [x, mul(randn([6, 2, 3, 3]), 0.3), bias]);
  const transposed = (x: Tensor, w: Tensor, b: Tensor) => loss(convTranspose2d(x, w, b, by));
  checkGradients(transposed, [x, mul(randn([4, 3, 3, 3]), 0.3), bias]);
  const sequence = (x: Tensor, w: Tensor) => loss(conv1d(x, w, undefined, { dilation: 2 }));
  checkGradients(sequence, [randn([2, 3, 8]), mul(randn([4, 3, 3]), 0.3)]);
});

test("convolution: infinities and NaN reach the pixels that read them, and no others", () => {
  using _ = scope();
  for (const special of [Infinity, NaN]) {
    for (const filters of [1, 5]) {
      const x = zeros([1, 1, 6, 7]);
      const values = x.read();
      values[2 * 7 + 6] = special;
      x.write(values);
      const weight = zeros([filters, 1, 3, 3]).fill(1);
      const result = conv2d(x, weight).read();
      for (let i = 0; i < result.length; i++) {
        const [row, column] = [Math.floor(i / 5) % 4, i % 5];
        const expected = row <= 2 && column === 4 ? special : 0;
        assert(
          Object.is(result[i], expected),
          `${filters} filters, ${row}, ${column}: ${result[i]}`,
        );
      }
    }
  }
});

test("convolution: what does not fit is refused with its sizes", () => {
  using _ = scope();
  const fails = (run: () => Tensor, code: string, part: string) =>
    assertEquals(assertThrows(run, QorusError, part).code, code);
  const [x, weight] = [zeros([1, 4, 5, 5]), zeros([6, 4, 3, 3])];
  fails(() => conv2d(zeros([1, 3, 5, 5]), weight), "invalid_shape", "3 channels");
  fails(() => conv2d(zeros([4, 5, 5]), weight), "invalid_shape", "expected rank 4");
  fails(() => conv2d(x, zeros([6, 4, 7, 3])), "invalid_shape", "spans 7 of 5 rows");
  fails(() => conv2d(x, zeros([6, 4, 0, 3])), "invalid_shape", "is empty");
  fails(() => conv2d(x, weight, zeros([5])), "invalid_shape", "bias is [5], expected [6]");
  fails(
    () => conv2d(x, zeros([5, 2, 3, 3]), undefined, { groups: 2 }),
    "invalid_shape",
    "2 groups",
  );
  fails(() => conv2d(x, weight, undefined, { stride: 0 }), "invalid_argument", "stride 0");
  fails(() => conv2d(x, weight, undefined, { padding: -1 }), "invalid_argument", "-1");
  fails(() => conv2d(x, weight, undefined, { dilation: 1.5 }), "invalid_argument", "1.5");
  fails(() => conv2d(zeros([1, 4, 0, 5]), weight), "invalid_shape", "of 0 rows");
  fails(() => conv1d(x, weight), "invalid_shape", "expected 3");
  const outputPadding = () =>
    convTranspose2d(x, zeros([4, 2, 3, 3]), undefined, { outputPadding: 1 });
  fails(outputPadding, "invalid_argument", "must be below");
  const nothingLeft = () => convTranspose2d(x, zeros([4, 2, 1, 1]), undefined, { padding: 3 });
  fails(nothingLeft, "invalid_shape", "-1 rows");
});
