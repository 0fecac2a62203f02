import { existsSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { drawDigits, imageSize } from "../../../examples/mnist/digits.ts";
import { loadSafetensors } from "../../../lib/nn/state_file.ts";
import { scope } from "../../../lib/core/scope.ts";
import { patience, runExample } from "../../support/examples.ts";
import { idxBytes } from "../../support/idx.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

const pixelCount = imageSize ** 2;

/** The four files of MNIST, with drawn digits. */
function writeImages(folder: TemporaryFolder, labelOfLast?: number): void {
  for (const [part, count, seed] of [["train", 640, 1], ["t10k", 100, 2]] as const) {
    const { pixels, labels } = drawDigits(count, seed);
    if (labelOfLast !== undefined) labels[count - 1] = labelOfLast;
    const shape = [count, imageSize, imageSize];
    writeFileSync(folder.file(`${part}-images-idx3-ubyte`), idxBytes(shape, pixels));
    writeFileSync(folder.file(`${part}-labels-idx1-ubyte`), idxBytes([count], labels));
  }
}

/** The share of right images that each line about an epoch tells, in percent. */
function shares(stdout: string): number[] {
  const lines = stdout.matchAll(/^epoch \d+: loss \d+\.\d+, (\d+\.\d+) % of the test images$/gm);
  return [...lines].map(([, share]) => Number(share));
}

test(
  "examples: drawn digits belong to their seed, and look like others of their kind",
  patience,
  () => {
    const { pixels, labels } = drawDigits(1000, 1);
    const same = drawDigits(1000, 1);
    assertEquals([pixels.join(), labels.join()], [same.pixels.join(), same.labels.join()]);
    const other = drawDigits(200, 2);
    assert(other.pixels.join() !== pixels.subarray(0, 200 * pixelCount).join());

    const means = Array.from({ length: 10 }, () => new Float64Array(pixelCount));
    for (let i = 0; i < pixels.length; i++) {
      means[labels[Math.floor(i / pixelCount)]][i % pixelCount] += pixels[i] / 100;
    }
    const nearest = (image: Uint8Array) => {
      const distances = means.map((mean) =>
        mean.reduce((sum, value, i) => sum + (value - image[i]) ** 2, 0)
      );
      return distances.indexOf(Math.min(...distances));
    };
    const right = other.labels.reduce((count, label, i) => {
      const image = other.pixels.subarray(i * pixelCount, (i + 1) * pixelCount);
      return count + Number(nearest(image) === label);
    }, 0);
    assert(right > 100, `${right} of 200 are nearest to the mean of their kind`);
  },
);

test("examples: mnist-mlp learns digits that it draws itself", patience, async () => {
  const { code, stdout, stderr } = await runExample("mnist-mlp", "--epochs", "1");
  assertEquals([code, stderr], [0, ""]);
  const [share] = shares(stdout);
  assert(share > 75, stdout);
});

test("examples: mnist-cnn learns from files and saves its weights", patience, async () => {
  using folder = new TemporaryFolder();
  writeImages(folder);
  const file = folder.file("best.safetensors");
  const ran = await runExample("mnist-cnn", folder.path, "--epochs", "4", "--save", file);
  assertEquals(ran.code, 0, ran.stderr);
  const found = shares(ran.stdout);
  assertEquals(found.length, 4);
  assert(Math.max(...found) > 50, ran.stdout);
  using _ = scope();
  assertEquals(loadSafetensors(file).get("0.weight")?.shape, [16, 1, 3, 3]);
});

test("examples: the image examples say which file is missing or wrong", patience, async () => {
  using folder = new TemporaryFolder();
  const missing = await runExample("mnist-mlp", folder.path);
  assertEquals(missing.code, 1);
  assertMatch(missing.stderr, /^error: .*train-images-idx3-ubyte.*\n$/);
  writeImages(folder, 10);
  const wrong = await runExample("mnist-cnn", folder.path, "--save", folder.file("x"));
  assertEquals(wrong.code, 1);
  assertMatch(wrong.stderr, /^error: .*train-labels-idx1-ubyte: label 639.*\n$/);
  assert(!existsSync(folder.file("x")));
});
