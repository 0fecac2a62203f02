import { test } from "node:test";
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../../lib/native/error.ts";
import { DataLoader } from "../../../../lib/train/data/data_loader.ts";
import { randomSplit, Subset } from "../../../../lib/train/data/subset.ts";
import { TensorDataset } from "../../../../lib/train/data/tensor_dataset.ts";

const all = new TensorDataset({ x: Int32Array.from({ length: 20 }, (_, i) => 10 * i) });

test("Subset: samples by number, in the order given", () => {
  using loader = new DataLoader(new Subset(all, [3, 1, 3]), { batchSize: 3 });
  for (const { x } of loader) assertEquals(x.toArray(), [30, 10, 30]);
  for (const index of [-1, 20, 0.5, NaN]) {
    const run = () => new Subset(all, [0, index]);
    assertThrows(run, QorusError, `index 1 is ${index}, expected a whole number from 0 to 19`);
  }
});

test("randomSplit: every sample comes into one part, decided by the seed", () => {
  const parts = randomSplit(all, [0.5, 0.33, 0.17], 1);
  assertEquals(parts.map(({ length }) => length), [10, 7, 3]);
  const indices = parts.flatMap((part) => [...part.indices]);
  assertEquals(indices.toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
  const again = (seed: number) => randomSplit(all, [0.5, 0.33, 0.17], seed)[0].indices;
  assertEquals(again(1), parts[0].indices);
  assertNotEquals(again(2), parts[0].indices);
});

test("randomSplit: shares that leave out samples or get none are refused", () => {
  for (const fractions of [[0.5], [0.5, 0.6], [], [NaN, 1]]) {
    assertThrows(() => randomSplit(all, fractions), QorusError, "expected 1");
  }
  for (const fractions of [[0.99, 0.01], [1.5, -0.5]]) {
    assertThrows(() => randomSplit(all, fractions), QorusError, "take a larger one");
  }
  assertThrows(() => randomSplit(all, [1], -1), QorusError, "seed");
});
