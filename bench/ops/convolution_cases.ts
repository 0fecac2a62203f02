/**
 * The convolutions that are measured, each in three directions.
 *
 * @module
 */

import type { Case, Pass } from "./cases.ts";

/** How a convolution goes over its images. */
export interface Convolution {
  /** `[filters, channels / groups, kernel, kernel]`. */
  readonly weight: readonly number[];
  readonly bias: boolean;
  readonly options: {
    readonly stride?: number;
    readonly padding?: number;
    readonly groups?: number;
  };
}

/** Passes of one convolution; the first layer of a network needs no gradient of its input. */
function directions(
  name: string,
  shape: readonly number[],
  convolution: Convolution,
): Case[] {
  const [images, channels, size] = shape;
  const { weight, options: { stride = 1, padding = 0 } } = convolution;
  const outputs = Math.floor((size + 2 * padding - weight[3]) / stride) + 1;
  const multiplyAdds = weight.reduce((a, b) => a * b, 1) * images * outputs ** 2;
  const passes: Pass[] = channels > 3 ? ["forward", "input", "weight"] : ["forward", "weight"];
  return passes.map((pass) => ({
    name: `${name}: ${pass}`,
    group: "convolutions",
    op: "conv2d",
    pass,
    shape,
    flops: 2 * multiplyAdds,
    convolution,
  }));
}

function square(
  name: string,
  images: number,
  [channels, filters, size, kernel]: readonly number[],
  options: Convolution["options"] = {},
): Case[] {
  const weight = [filters, channels / (options.groups ?? 1), kernel, kernel];
  return directions(name, [images, channels, size, size], { weight, bias: true, options });
}

/** The convolutions of ResNet-18 for 3x32x32, which have no bias. */
function resnet(name: string, [channels, filters, size, kernel]: number[], stride = 1): Case[] {
  const options = { padding: (kernel - 1) / 2, stride };
  const weight = [filters, channels, kernel, kernel];
  return directions(`resnet ${name}`, [32, channels, size, size], { weight, bias: false, options });
}

const same = { padding: 1 };

/** All of them. */
export const convolutions: readonly Case[] = [
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
].flat();
