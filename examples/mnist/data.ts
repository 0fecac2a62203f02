/**
 * The data sets MNIST and Fashion-MNIST (Xiao et al. 2017): images of 28 x 28 in 10 classes.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { empty, QorusError, rand, scope, type Tensor } from "@qorus/qorus";
import { readIdx } from "./idx.ts";

/** Images with their classes. */
export interface Images {
  readonly count: number;
  /** Bytes of an image: rows times columns. */
  readonly pixelCount: number;
  /** 0 is background, 255 ink. */
  readonly pixels: Uint8Array;
  /** A class from 0 to 9 for each image. */
  readonly labels: Uint8Array;
}

/** A batch; both tensors are written over by the next one. */
export interface Batch {
  /** f32 `[count, pixelCount]`, about 0 in the mean and 1 in deviation. */
  readonly x: Tensor;
  /** i32 `[count]`. */
  readonly y: Tensor;
}

/** Pixels of Fashion-MNIST, divided by 255. */
const [mean, standardDeviation] = [0.286, 0.353];

/**
 * Reads the training images (`train`) or test images (`t10k`) in a folder.
 *
 * @throws {QorusError} `not_found` or `invalid_file`; the message names the file.
 */
export function loadImages(folder: string, part: "train" | "t10k"): Images {
  const images = readIdx(find(folder, `${part}-images-idx3-ubyte`), 3);
  const labelsPath = find(folder, `${part}-labels-idx1-ubyte`);
  const labels = readIdx(labelsPath, 1);
  const [count, rows, columns] = images.shape;
  const wrong = labels.values.find((label) => label > 9);
  if (labels.shape[0] !== count || wrong !== undefined) {
    const problem = wrong === undefined
      ? `${labels.shape[0]} labels for ${count} images`
      : `label ${wrong}, expected 0 to 9`;
    throw new QorusError("invalid_file", `${labelsPath}: ${problem}`, { path: labelsPath });
  }
  return { count, pixelCount: rows * columns, pixels: images.values, labels: labels.values };
}

function find(folder: string, name: string): string {
  const paths = [join(folder, `${name}.gz`), join(folder, name)];
  const path = paths.find(existsSync);
  if (path !== undefined) return path;
  throw new QorusError(
    "not_found",
    `${folder}: has neither ${name}.gz nor ${name}; ` +
      "both data sets are at https://github.com/zalandoresearch/fashion-mnist",
    { path: folder },
  );
}

/** Images in batches, shuffled anew whenever they are walked; a rest is left out of training. */
export class Batches {
  readonly #images: Images;
  readonly #shuffled: boolean;
  readonly #size: number;
  readonly #x: Tensor;
  readonly #y: Tensor;
  readonly #order: Uint32Array;

  /** Takes memory for one batch of `size` images, which ends with the scope that it is made in. */
  constructor(images: Images, size: number, options: { shuffled: boolean }) {
    this.#images = images;
    this.#shuffled = options.shuffled;
    this.#size = size;
    this.#x = empty([size, images.pixelCount]);
    this.#y = empty([size], { dtype: "i32" });
    this.#order = Uint32Array.from({ length: images.count }, (_, i) => i);
  }

  /** Batches in an epoch. */
  get length(): number {
    return Math.floor(this.#images.count / this.#size);
  }

  /** Walks through all batches once. */
  *[Symbol.iterator](): Generator<Batch> {
    const { pixels, pixelCount, labels } = this.#images;
    if (this.#shuffled) this.#shuffle();
    const values = new Float32Array(this.#size * pixelCount);
    for (let start = 0; start + this.#size <= this.#order.length; start += this.#size) {
      const chosen = this.#order.subarray(start, start + this.#size);
      for (const [row, image] of chosen.entries()) {
        const from = image * pixelCount;
        for (let i = 0; i < pixelCount; i++) {
          values[row * pixelCount + i] = (pixels[from + i] / 255 - mean) / standardDeviation;
        }
      }
      this.#x.write(values);
      this.#y.write(Array.from(chosen, (image) => labels[image]));
      yield { x: this.#x, y: this.#y };
    }
  }

  /** Fisher and Yates, with the generator that `manualSeed` starts. */
  #shuffle(): void {
    using _ = scope();
    const order = this.#order;
    const draws = rand([order.length]).data;
    for (let i = order.length - 1; i > 0; i--) {
      const other = Math.floor(draws[i] * (i + 1));
      [order[i], order[other]] = [order[other], order[i]];
    }
  }
}
