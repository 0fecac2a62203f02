/**
 * Convolutions.
 *
 * @module
 */

import type { Tensor } from "../../../lib/core/tensor.ts";
import {
  conv1d,
  type Conv1dOptions,
  conv2d,
  type Conv2dOptions,
  convTranspose2d,
  type ConvTranspose2dOptions,
} from "../../../lib/ops/convolution.ts";
import type { Bounds } from "../../support/close.ts";
import { GoldenFile } from "../../support/golden.ts";
import type { GoldenRow, Inputs } from "../../support/golden_rows.ts";
import { type OpFamily, varied } from "./row.ts";

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
  conv2d_tiles: { padding: 1 },
  conv2d_gathered: { stride: 2, padding: 1 },
  conv2d_huge_kernel: { padding: 1 },
  conv2d_no_images: {},
  conv2d_special: {},
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
  conv_transpose2d_special: {},
};

const conv1dCases: Record<string, Conv1dOptions> = {
  conv1d: { padding: 2 },
  conv1d_stride: { stride: 3, dilation: 2 },
  conv1d_depthwise: { groups: 6 },
  conv1d_one_element: {},
  conv1d_long: { padding: 1 },
  conv1d_special: {},
};

const longSums: Bounds = {
  absolute: 2e-4,
  reason: "sums of up to thousands of terms in f32, with results up to 170",
};
const withLongSums = ["conv2d_many", "conv2d_gathered", "conv2d_huge_kernel", "conv1d_long"];
const tiles: Bounds = {
  absolute: 1e-4,
  reason: "Winograd's filtering errs by up to 2e-6 of the largest result, here up to 40",
};
const largeGradients: Bounds = {
  absolute: 4e-5,
  reason: "gradients of up to 26, where the last digit of f32 is 2e-6, summed without FMA",
};

const gradientBounds: Record<string, Bounds> = {
  conv2d_dilation: largeGradients,
  conv2d_gathered: largeGradients,
  conv2d_tiles: tiles,
};

function rowsOf<Options>(
  cases: Record<string, Options>,
  run: (x: Tensor, weight: Tensor, bias: Tensor | undefined, options: Options) => Tensor,
): GoldenRow[] {
  return Object.entries(cases).map(([name, options]) => ({
    name,
    run: (t) => run(t("x"), t("weight"), biasOf(name, t), options),
    bounds: name === "conv2d_tiles" ? tiles : withLongSums.includes(name) ? longSums : undefined,
    gradientBounds: gradientBounds[name],
  }));
}

const views: GoldenRow = {
  name: "conv2d_views",
  run: (t) => {
    const x = t("x").transpose(0, 1).slice(2, 1, 8, 2);
    const weight = t("weight").transpose(0, 1);
    return conv2d(x, weight, undefined, { padding: 1 }).permute([0, 2, 3, 1]);
  },
};

const grouped: Conv2dOptions = { stride: [2, 1], padding: 1, groups: 2 };

/** The table's rows. */
export const convolution: OpFamily = {
  title: "Convolutions",
  rows: [
    {
      op: "conv1d",
      golden: { convolution: rowsOf(conv1dCases, conv1d) },
      gradient: [
        varied((x, w) => conv1d(x, w, undefined, { dilation: 2 }), [2, 3, 8], [4, 3, 3]),
      ],
    },
    {
      op: "conv2d",
      golden: { convolution: [...rowsOf(conv2dCases, conv2d), views] },
      gradient: [
        varied((x, w, b) => conv2d(x, w, b, grouped), [2, 4, 5, 4], [6, 2, 3, 3], [6]),
      ],
    },
    {
      op: "convTranspose2d",
      golden: { convolution: rowsOf(transposeCases, convTranspose2d) },
      gradient: [
        varied((x, w, b) => convTranspose2d(x, w, b, grouped), [2, 4, 5, 4], [4, 3, 3, 3], [6]),
      ],
    },
  ],
};
