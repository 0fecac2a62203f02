/**
 * The convolutions that convolution.ts measures.
 *
 * @module
 */

import type { Conv2dOptions } from "../../lib/ops/convolution.ts";

/** One convolution. */
export interface Case {
  name: string;
  x: number[];
  weight: number[];
  /** Whether the gradient of x is wanted too, as for all but a network's first layer. */
  learnsInput: boolean;
  bias: boolean;
  options: Conv2dOptions;
}

function square(
  name: string,
  images: number,
  [channels, filters, size, kernel]: number[],
  options: Conv2dOptions = {},
): Case {
  const { groups = 1 } = options;
  return {
    name,
    x: [images, channels, size, size],
    weight: [filters, channels / groups, kernel, kernel],
    learnsInput: channels > 3,
    bias: true,
    options,
  };
}

/** The convolutions of ResNet-18 for 3x32x32, which have no bias. */
function resnet(
  name: string,
  sizes: number[],
  stride = 1,
): Case {
  const padding = (sizes[3] - 1) / 2;
  return { ...square(`resnet ${name}`, 32, sizes, { padding, stride }), bias: false };
}

const same = { padding: 1 };

/** All of them. */
export const cases: readonly Case[] = [
  resnet("3 to 64, 32x32", [3, 64, 32, 3]),
  resnet("64 to 64, 32x32", [64, 64, 32, 3]),
  resnet("64 to 128, 32x32 / 2", [64, 128, 32, 3], 2),
  resnet("128 to 128, 16x16", [128, 128, 16, 3]),
  resnet("128 to 256, 16x16 / 2", [128, 256, 16, 3], 2),
  resnet("256 to 256, 8x8", [256, 256, 8, 3]),
  resnet("256 to 512, 8x8 / 2", [256, 512, 8, 3], 2),
  resnet("512 to 512, 4x4", [512, 512, 4, 3]),
  resnet("64 to 128, points / 2", [64, 128, 32, 1], 2),
  resnet("128 to 256, points / 2", [128, 256, 16, 1], 2),
  resnet("256 to 512, points / 2", [256, 512, 8, 1], 2),
  square("1 to 32, 28x28", 128, [1, 32, 28, 3], same),
  square("32 to 64, 28x28", 128, [32, 64, 28, 3], same),
  square("32 to 64, 14x14", 128, [32, 64, 14, 3], same),
  square("32 to 64, 26x26 without padding", 128, [32, 64, 26, 3]),
  square("64 to 128, 28x28 / 2", 32, [64, 128, 28, 3], { padding: 1, stride: 2 }),
  square("64 to 64, 56x56, one image", 1, [64, 64, 56, 3], same),
  square("256 to 64, points", 8, [256, 64, 28, 1]),
  square("64 to 256, points", 8, [64, 256, 28, 1]),
  square("points 128 to 256, 14x14", 32, [128, 256, 14, 1]),
  square("depthwise 64", 32, [64, 64, 28, 3], { padding: 1, groups: 64 }),
  square("depthwise 96, 56x56 / 2", 8, [96, 96, 56, 3], { padding: 1, groups: 96, stride: 2 }),
  square("depthwise 512, 14x14", 8, [512, 512, 14, 3], { padding: 1, groups: 512 }),
  square("depthwise 960, 7x7", 8, [960, 960, 7, 3], { padding: 1, groups: 960 }),
  square("depthwise 240, 28x28, 5x5", 8, [240, 240, 28, 5], { padding: 2, groups: 240 }),
  square("depthwise 96, 56x56, 7x7", 4, [96, 96, 56, 7], { padding: 3, groups: 96 }),
  square("3 to 64, 224x224, 7x7 / 2, one image", 1, [3, 64, 224, 7], { padding: 3, stride: 2 }),
];
