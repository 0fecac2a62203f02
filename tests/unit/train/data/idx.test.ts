import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../../lib/native/error.ts";
import { DataLoader } from "../../../../lib/train/data/data_loader.ts";
import { readIdx } from "../../../../lib/train/data/idx.ts";
import { IdxImages, type IdxImagesOptions } from "../../../../lib/train/data/idx_images.ts";
import { dataPath, needsData } from "../../../support/data.ts";
import { idxBytes } from "../../../support/idx.ts";
import { TemporaryFolder } from "../../../support/temporary_folder.ts";

function failure(run: () => unknown, part: string): string {
  return assertThrows(run, QorusError, part).code;
}

test("IDX: files are read, gzipped or not", () => {
  using folder = new TemporaryFolder();
  const file = idxBytes([2, 1, 3], [1, 2, 3, 4, 5, 6]);
  for (const bytes of [file, gzipSync(file)]) {
    writeFileSync(folder.file("x"), bytes);
    for (const dimensionCount of [3, undefined]) {
      const { shape, values } = readIdx(folder.file("x"), dimensionCount);
      assertEquals(shape, [2, 1, 3]);
      assertEquals([...values], [1, 2, 3, 4, 5, 6]);
    }
  }
});

test("IDX: damaged files are named with what is wrong", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x");
  const good = idxBytes([2, 3], [1, 2, 3, 4, 5, 6]);
  const read = (bytes: Uint8Array) => () => {
    writeFileSync(path, bytes);
    return readIdx(path, 2);
  };
  const invalid = (bytes: Uint8Array, part: string) =>
    assertEquals(failure(read(bytes), `${path}: ${part}`), "invalid_file");
  assertEquals(failure(() => readIdx(folder.file("none"), 1), "no such file"), "not_found");
  mkdirSync(folder.file("folder"));
  assertEquals(failure(() => readIdx(folder.file("folder"), 1), folder.file("folder")), "io");
  for (const length of [0, 3, 11]) {
    invalid(good.subarray(0, length), `header: takes 12 bytes, the file has ${length}`);
  }
  invalid(good.subarray(0, 17), "sizes: [2,3] takes 6 bytes, the file has 5");
  invalid(idxBytes([2, 3], [0, 0, 0, 0, 0, 0, 0]), "sizes: [2,3] takes 6 bytes, the file has 7");
  invalid(idxBytes([2, 3], [], 2051), "magic number");
  invalid(idxBytes([2, 3], [], 0x01000802), "magic number");
  invalid(idxBytes([2 ** 32 - 1, 2 ** 32 - 1], []), "sizes");
  invalid(gzipSync(good).subarray(0, 20), "gzip: cannot be unpacked");
  const floats = read(idxBytes([2, 3], [], 0x0d02));
  assertEquals(failure(floats, 'given "f32", expected u8'), "unsupported");
});

/** A folder with training images of one row and two pixels, whose values tell the label. */
function writeImages(folder: TemporaryFolder, labels: readonly number[], count?: number): void {
  const kept = labels.slice(0, count);
  const pixels = kept.flatMap((label) => [10 * label, 255]);
  writeFileSync(folder.file("train-images-idx3-ubyte"), idxBytes([kept.length, 1, 2], pixels));
  const labelFile = gzipSync(idxBytes([labels.length], labels));
  writeFileSync(folder.file("train-labels-idx1-ubyte.gz"), labelFile);
}

test("IdxImages: pixels are scaled and shaped, labels are classes", () => {
  using folder = new TemporaryFolder();
  writeImages(folder, [0, 5, 9]);
  const images = IdxImages.fromFolder(folder.path, "train", { mean: 0.5, standardDeviation: 0.25 });
  assertEquals([images.length, images.rows, images.columns, images.classes], [3, 1, 2, 10]);
  using loader = new DataLoader(images, { batchSize: 3 });
  for (const { x, y } of loader) {
    assertEquals(x.shape, [3, 1, 1, 2]);
    assertEquals(y.toArray(), [0, 5, 9]);
    const expected = [-2, 2, (50 / 255 - 0.5) * 4, 2, (90 / 255 - 0.5) * 4, 2];
    for (const [i, value] of x.read().entries()) assertAlmostEquals(value, expected[i], 1e-6);
  }
  const flat = IdxImages.fromFolder(folder.path, "train", { shape: [2] });
  const sample = { x: new Float32Array(2), y: new Int32Array(1) };
  flat.write(1, sample);
  assertEquals(sample, { x: Float32Array.of(50 / 255, 1), y: Int32Array.of(5) });
});

test("IdxImages: images and labels must go together", () => {
  using folder = new TemporaryFolder();
  const load = (options?: IdxImagesOptions) => () =>
    IdxImages.fromFolder(folder.path, "train", options);
  assertEquals(failure(load(), "train-images-idx3-ubyte.gz"), "not_found");
  writeImages(folder, [1, 2, 3], 2);
  assertEquals(failure(load(), "3 labels for 2 images"), "invalid_file");
  writeImages(folder, [1, 10]);
  assertEquals(failure(load(), "label 1: is no class, given 10, expected 0 to 9"), "invalid_file");
  assertEquals(load({ classes: 11 })().length, 2);
  assertEquals(failure(load({ classes: 11, shape: [3] }), "shape [3]"), "invalid_shape");
  const flatten = load({ classes: 11, standardDeviation: 0 });
  assertEquals(failure(flatten, "standardDeviation 0"), "invalid_argument");
});

test("IdxImages: Fashion-MNIST is what its authors describe", needsData, () => {
  const images = IdxImages.fromFolder(dataPath("images/fashion-mnist"), "train");
  assertEquals([images.length, images.rows, images.columns], [60_000, 28, 28]);
  assertEquals([...images.labels.subarray(0, 10)], [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]);
  const first = images.pixels.subarray(0, 784).reduce((sum, pixel) => sum + pixel, 0);
  assertEquals(first, 76_247);
});
