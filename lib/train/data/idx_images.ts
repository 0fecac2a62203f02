/**
 * Labeled images out of IDX files: MNIST, Fashion-MNIST and their like.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { wholeNumber } from "../../core/arguments.ts";
import { invalidFile } from "../../formats/file_error.ts";
import { QorusError } from "../../native/error.ts";
import type { Dataset, Fields, SampleMemory } from "./dataset.ts";
import { readIdx } from "./idx.ts";

/** How images become samples. */
export interface IdxImagesOptions {
  /** Labels are whole numbers below this. Default 10. */
  readonly classes?: number;
  /**
   * Shape of an image in a batch, with as many elements as the image: `[784]` for a perceptron.
   * Default `[1, rows, columns]`, one channel, as `conv2d` takes it.
   */
  readonly shape?: readonly number[];
  /** Subtracted from the pixels, which are divided by 255 first. Default 0. */
  readonly mean?: number;
  /** What the pixels are divided by after that. Default 1. */
  readonly standardDeviation?: number;
}

const op = "IdxImages";

/**
 * Images with their classes: `x` is f32 `[1, rows, columns]`, `(pixel / 255 - mean) /
 * standardDeviation`, where a pixel is 0 to 255; `y` is i32 `[]`, a class from 0.
 *
 * Pixels stay bytes in memory.
 *
 * References: MNIST, http://yann.lecun.com/exdb/mnist/; Fashion-MNIST, Xiao, Rasul and Vollgraf
 * 2017, https://arxiv.org/abs/1708.07747.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const images = train.IdxImages.fromFolder("fashion-mnist", "train", {
 *   mean: 0.286,
 *   standardDeviation: 0.353,
 * });
 * using loader = new train.DataLoader(images, { batchSize: 128, shuffle: true });
 * for (const { x, y } of loader) console.log(x.shape, y.shape); // [128, 1, 28, 28], [128]
 * ```
 */
export class IdxImages implements Dataset<"x" | "y"> {
  readonly length: number;
  readonly fields: Fields<"x" | "y">;
  /** Rows of an image. */
  readonly rows: number;
  /** Columns of an image. */
  readonly columns: number;
  /** Number of classes. */
  readonly classes: number;
  /** All pixels, image by image, row by row: 0 to 255. */
  readonly pixels: Uint8Array;
  /** The class of each image. */
  readonly labels: Uint8Array;
  /** What each byte becomes. */
  readonly #values: Float32Array;

  /**
   * Reads both files, gzipped or not, into memory.
   *
   * @throws {QorusError} `not_found`, `io` or `invalid_file` naming file and field, also where the
   * files do not go together or a label is no class; `invalid_shape` for a shape of another size.
   */
  constructor(imagesPath: string, labelsPath: string, options: IdxImagesOptions = {}) {
    const { classes = 10, mean = 0, standardDeviation = 1 } = options;
    wholeNumber(classes, "classes", op);
    checkScale(mean, standardDeviation);
    const images = readIdx(imagesPath, 3);
    const labels = readIdx(labelsPath, 1);
    const [count, rows, columns] = images.shape;
    if (rows * columns === 0) {
      throw invalidFile(imagesPath, "sizes", `images of ${rows} x ${columns} pixels`);
    }
    const { shape = [1, rows, columns] } = options;
    if (shape.reduce((product, size) => product * size, 1) !== rows * columns) {
      throw new QorusError(
        "invalid_shape",
        `${op}: shape [${shape}] cannot hold an image of ${rows} x ${columns} pixels`,
        { op, field: "shape", given: shape, expected: [1, rows, columns] },
      );
    }
    checkLabels(labelsPath, labels.values, count, classes);
    this.length = count;
    this.rows = rows;
    this.columns = columns;
    this.classes = classes;
    this.pixels = images.values;
    this.labels = labels.values;
    this.fields = { x: { shape: [...shape], dtype: "f32" }, y: { shape: [], dtype: "i32" } };
    this.#values = Float32Array.from(
      { length: 256 },
      (_, pixel) => (pixel / 255 - mean) / standardDeviation,
    );
  }

  /**
   * Reads the training images (`train`) or the test images (`t10k`) out of a folder with files that
   * are named as MNIST's authors did: `train-images-idx3-ubyte`, with or without `.gz`.
   */
  static fromFolder(
    folder: string,
    part: "train" | "t10k",
    options: IdxImagesOptions = {},
  ): IdxImages {
    return new IdxImages(
      find(folder, `${part}-images-idx3-ubyte`),
      find(folder, `${part}-labels-idx1-ubyte`),
      options,
    );
  }

  write(index: number, { x, y }: SampleMemory<"x" | "y">): void {
    const size = this.rows * this.columns;
    const start = index * size;
    for (let i = 0; i < size; i++) x[i] = this.#values[this.pixels[start + i]];
    y[0] = this.labels[index];
  }
}

function checkScale(mean: number, standardDeviation: number): void {
  if (Number.isFinite(mean) && Number.isFinite(standardDeviation) && standardDeviation > 0) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: mean ${mean} and standardDeviation ${standardDeviation}, expected finite numbers, ` +
      "the second above 0",
    { op, given: [mean, standardDeviation] },
  );
}

function checkLabels(path: string, labels: Uint8Array, count: number, classes: number): void {
  if (labels.length !== count) {
    throw invalidFile(path, "sizes", `${labels.length} labels for ${count} images`, {
      hint: "Both files must be of the same part of the data set.",
    });
  }
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong < 0) return;
  throw invalidFile(path, `label ${wrong}`, "is no class", {
    given: labels[wrong],
    expected: `0 to ${classes - 1}`,
    hint: "Set classes to the number of classes that the data set has.",
  });
}

function find(folder: string, name: string): string {
  const path = [join(folder, `${name}.gz`), join(folder, name)].find((each) => existsSync(each));
  if (path !== undefined) return path;
  throw new QorusError(
    "not_found",
    `${folder}: has neither ${name}.gz nor ${name}; download Fashion-MNIST from ` +
      "https://github.com/zalandoresearch/fashion-mnist",
    { path: folder },
  );
}
