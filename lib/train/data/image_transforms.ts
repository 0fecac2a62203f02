/**
 * Transforms of images, to make more of a small data set.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import type { FieldMemory } from "./dataset.ts";
import type { Transform } from "./transform.ts";

/** Channels, rows and columns of an image: `[3, 32, 32]`. */
export type ImageShape = readonly [channels: number, rows: number, columns: number];

/** Options of `randomHorizontalFlip`. */
export interface RandomHorizontalFlipOptions {
  /** Channels, rows and columns. */
  readonly shape: ImageShape;
  /** How many of the images are flipped, from 0 to 1. Default 0.5. */
  readonly probability?: number;
}

/** Options of `randomCrop`. */
export interface RandomCropOptions {
  /** Channels, rows and columns, before and after. */
  readonly shape: ImageShape;
  /** Pixels that are put around the image on each side, before a part of it is cut out. */
  readonly padding: number;
  /** Value of these pixels: that of black after normalization, for example. Default 0. */
  readonly fill?: number;
}

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** Channels, rows and columns. */
  readonly shape: ImageShape;
  /** Subtracted, a number for each channel. */
  readonly mean: readonly number[];
  /** What values are divided by after that, a number for each channel. */
  readonly standardDeviation: readonly number[];
}

/**
 * Mirrors images left to right, some of them.
 *
 * @param field the samples' field that holds the image, `[channels, rows, columns]`
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const transform = train.randomHorizontalFlip("x", { shape: [3, 32, 32] });
 * ```
 */
export function randomHorizontalFlip<Name extends string>(
  field: Name,
  { shape, probability = 0.5 }: RandomHorizontalFlipOptions,
): Transform<Name> {
  const op = "randomHorizontalFlip";
  const size = imageSize(shape, op);
  if (!(probability >= 0 && probability <= 1)) {
    throw invalid(op, "probability", probability, "0 to 1");
  }
  const columns = shape[2];
  return (sample, random) => {
    if (random.uniform() >= probability) return;
    const image = imageOf(sample, field, size, op);
    for (let row = 0; row < size; row += columns) image.subarray(row, row + columns).reverse();
  };
}

/**
 * Moves images by up to `padding` pixels in each direction: puts a margin around the image and cuts
 * out a part of the image's size.
 *
 * @param field the samples' field that holds the image, `[channels, rows, columns]`
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const transform = train.randomCrop("x", { shape: [1, 28, 28], padding: 2 });
 * ```
 */
export function randomCrop<Name extends string>(
  field: Name,
  { shape, padding, fill = 0 }: RandomCropOptions,
): Transform<Name> {
  const op = "randomCrop";
  const size = imageSize(shape, op);
  if (!(Number.isInteger(padding) && padding >= 0)) {
    throw invalid(op, "padding", padding, "a whole number from 0");
  }
  const original = new Float64Array(size);
  return (sample, random) => {
    const down = random.below(2 * padding + 1) - padding;
    const right = random.below(2 * padding + 1) - padding;
    const image = imageOf(sample, field, size, op);
    original.set(image);
    cut(original, image, shape, { down, right, fill });
  };
}

function cut(
  from: Float64Array,
  to: FieldMemory,
  [channels, rows, columns]: ImageShape,
  { down, right, fill }: { down: number; right: number; fill: number },
): void {
  for (let i = 0; i < channels * rows; i++) {
    const row = i % rows + down;
    const isInside = row >= 0 && row < rows;
    const start = (i + down) * columns;
    for (let j = 0; j < columns; j++) {
      const column = j + right;
      const value = isInside && column >= 0 && column < columns ? from[start + column] : fill;
      to[i * columns + j] = value;
    }
  }
}

/**
 * Brings each channel to about 0 in the mean and 1 in deviation.
 *
 * @param field the samples' f32 field that holds the image, `[channels, rows, columns]`
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const transform = train.normalize("x", {
 *   shape: [3, 32, 32],
 *   mean: [0.49, 0.48, 0.45],
 *   standardDeviation: [0.25, 0.24, 0.26],
 * });
 * ```
 */
export function normalize<Name extends string>(
  field: Name,
  { shape, mean, standardDeviation }: NormalizeOptions,
): Transform<Name> {
  const op = "normalize";
  const size = imageSize(shape, op);
  const channelSize = shape[1] * shape[2];
  if (mean.length !== shape[0] || !mean.every(Number.isFinite)) {
    throw invalid(op, "mean", mean, `${shape[0]} numbers`);
  }
  if (standardDeviation.length !== shape[0] || !standardDeviation.every((value) => value > 0)) {
    throw invalid(op, "standardDeviation", standardDeviation, `${shape[0]} numbers above 0`);
  }
  return (sample) => {
    const image = imageOf(sample, field, size, op);
    for (let i = 0; i < size; i++) {
      const channel = Math.floor(i / channelSize);
      image[i] = (image[i] - mean[channel]) / standardDeviation[channel];
    }
  };
}

function imageSize(shape: ImageShape, op: string): number {
  const isRight = shape.length === 3 &&
    shape.every((size) => Number.isInteger(size) && size >= 1);
  if (!isRight) throw invalid(op, "shape", `[${shape}]`, "[channels, rows, columns]");
  return shape[0] * shape[1] * shape[2];
}

function imageOf<Name extends string>(
  sample: Readonly<Record<Name, FieldMemory>>,
  field: Name,
  size: number,
  op: string,
): FieldMemory {
  const image: FieldMemory | undefined = sample[field];
  if (image?.length === size) return image;
  throw new QorusError(
    "invalid_shape",
    `${op}: field ${field} has ${image?.length ?? "no"} elements, the shape takes ${size}`,
    { op, field, given: image?.length, expected: size },
  );
}

function invalid(op: string, field: string, given: unknown, expected: string): QorusError {
  return new QorusError("invalid_argument", `${op}: ${field} is ${given}, expected ${expected}`, {
    op,
    field,
    given,
    expected,
  });
}
