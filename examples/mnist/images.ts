/**
 * The images that both networks learn: MNIST, Fashion-MNIST, or digits drawn here.
 *
 * @module
 */

import { train } from "@qorus/qorus";
import { drawDigits, imageSize } from "./digits.ts";

/** Images of 28 x 28 in 10 classes; `x` is f32 of the shape that was asked for, `y` i32. */
export interface ImageSets {
  readonly training: train.Dataset<"x" | "y">;
  readonly test: train.Dataset<"x" | "y">;
}

/** Fashion-MNIST's pixels, divided by 255. */
const scale = { mean: 0.286, standardDeviation: 0.353 };

/** How many digits are drawn where there are no files. */
const drawn = { training: 10_000, test: 2000 };

/**
 * Reads the four IDX files of a folder, or draws digits where none is named.
 *
 * @param shape of an image: `[784]` or `[1, 28, 28]`
 * @throws {QorusError} `not_found`, `io` or `invalid_file`, naming the file.
 */
export function loadImages(folder: string | undefined, shape: readonly number[]): ImageSets {
  if (folder === undefined) {
    return {
      training: digits(drawn.training, shape, { seed: 1 }),
      test: digits(drawn.test, shape, { seed: 2 }),
    };
  }
  return {
    training: train.IdxImages.fromFolder(folder, "train", { shape, ...scale }),
    test: train.IdxImages.fromFolder(folder, "t10k", { shape, ...scale }),
  };
}

function digits(
  count: number,
  shape: readonly number[],
  { seed }: { seed: number },
): train.TensorDataset<"x" | "y"> {
  console.log(`drawing ${count} digits of ${imageSize} x ${imageSize} pixels`);
  const { pixels, labels } = drawDigits(count, seed);
  const { mean, standardDeviation } = scale;
  const values = Float32Array.from(pixels, (pixel) => (pixel / 255 - mean) / standardDeviation);
  return new train.TensorDataset({ x: { values, shape }, y: Int32Array.from(labels) });
}
