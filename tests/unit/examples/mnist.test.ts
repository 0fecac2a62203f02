import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { assertEquals, assertThrows } from "@std/assert";
import { Batches, loadImages } from "../../../examples/mnist/data.ts";
import { readIdx } from "../../../examples/mnist/idx.ts";
import { scope } from "../../../lib/core/scope.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { dataPath, needsData } from "../../support/data.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

/** An IDX file of bytes. */
function idx(shape: readonly number[], values: ArrayLike<number>, magic?: number): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic ?? 0x0800 + shape.length);
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}

function failure(run: () => unknown, part: string): string {
  return assertThrows(run, QorusError, part).code;
}

test("examples: IDX files are read, gzipped or not", () => {
  using folder = new TemporaryFolder();
  const file = idx([2, 1, 3], [1, 2, 3, 4, 5, 6]);
  for (const bytes of [file, gzipSync(file)]) {
    writeFileSync(folder.file("x"), bytes);
    const { shape, values } = readIdx(folder.file("x"), 3);
    assertEquals(shape, [2, 1, 3]);
    assertEquals([...values], [1, 2, 3, 4, 5, 6]);
  }
});

test("examples: damaged IDX files are named with what is wrong", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x");
  const good = idx([2, 3], [1, 2, 3, 4, 5, 6]);
  const read = (bytes: Uint8Array) => () => {
    writeFileSync(path, bytes);
    return readIdx(path, 2);
  };
  assertEquals(failure(() => readIdx(folder.file("none"), 1), "no such file"), "not_found");
  mkdirSync(folder.file("folder"));
  assertEquals(failure(() => readIdx(folder.file("folder"), 1), folder.file("folder")), "io");
  for (const length of [0, 3, 11]) {
    assertEquals(
      failure(read(good.subarray(0, length)), `${path}: the header takes 12 bytes`),
      "invalid_file",
    );
  }
  assertEquals(
    failure(read(good.subarray(0, 17)), "takes 6 bytes, the file has 5"),
    "invalid_file",
  );
  assertEquals(failure(read(idx([2, 3], [0, 0, 0, 0, 0, 0, 0])), "has 7"), "invalid_file");
  assertEquals(failure(read(idx([2, 3], [], 2051)), "2051, expected 2050"), "invalid_file");
  const huge = idx([2 ** 32 - 1, 2 ** 32 - 1], []);
  assertEquals(failure(read(huge), "takes"), "invalid_file");
  const cut = gzipSync(good).subarray(0, 20);
  assertEquals(failure(read(cut), "cannot be unpacked"), "invalid_file");
});

/** A folder with training images of one pixel, whose value tells the label. */
function writeImages(folder: TemporaryFolder, labels: readonly number[], count?: number): void {
  const pixels = Array.from({ length: count ?? labels.length }, (_, i) => 10 * labels[i]);
  writeFileSync(folder.file("train-images-idx3-ubyte"), idx([pixels.length, 1, 1], pixels));
  writeFileSync(folder.file("train-labels-idx1-ubyte.gz"), gzipSync(idx([labels.length], labels)));
}

test("examples: images and labels must go together", () => {
  using folder = new TemporaryFolder();
  assertEquals(failure(() => loadImages(folder.path, "t10k"), "t10k-images"), "not_found");
  writeImages(folder, [1, 2, 3], 2);
  assertEquals(failure(() => loadImages(folder.path, "train"), "3 labels for 2"), "invalid_file");
  writeImages(folder, [1, 10]);
  assertEquals(failure(() => loadImages(folder.path, "train"), "label 10"), "invalid_file");
});

test("examples: batches hold every image once, in another order each time", () => {
  using folder = new TemporaryFolder();
  using _ = scope();
  const labels = Array.from({ length: 50 }, (_, i) => i % 10);
  writeImages(folder, labels);
  const batches = new Batches(loadImages(folder.path, "train"), 10, { shuffled: true });
  assertEquals(batches.length, 5);
  const walk = () => {
    const seen: number[] = [];
    for (const { x, y } of batches) {
      const [pixels, classes] = [x.read(), y.read()];
      for (const [i, label] of classes.entries()) {
        assertEquals(Math.round(Math.abs(pixels[i] * 0.353 + 0.286) * 255), 10 * label);
        seen.push(label);
      }
    }
    return seen;
  };
  const [first, second] = [walk(), walk()];
  assertEquals(first.toSorted(), labels.toSorted());
  assertEquals(second.toSorted(), labels.toSorted());
  assertEquals(first.join() === second.join(), false);
});

test("examples: Fashion-MNIST is what its authors describe", needsData, () => {
  const images = loadImages(dataPath("images/fashion-mnist"), "train");
  assertEquals([images.count, images.pixelCount], [60_000, 784]);
  assertEquals([...images.labels.subarray(0, 10)], [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]);
  const first = images.pixels.subarray(0, 784).reduce((sum, pixel) => sum + pixel, 0);
  assertEquals(first, 76_247);
});
