import { test } from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Random } from "../../../../lib/core/random.ts";
import { QorusError } from "../../../../lib/native/error.ts";
import {
  type ImageShape,
  normalize,
  randomCrop,
  randomHorizontalFlip,
} from "../../../../lib/train/data/image_transforms.ts";
import { compose } from "../../../../lib/train/data/transform.ts";

const shape: ImageShape = [2, 2, 3];
const image = () => ({ x: Float32Array.from({ length: 12 }, (_, i) => i + 1) });

test("randomHorizontalFlip: rows are mirrored, as often as asked for", () => {
  const sample = image();
  randomHorizontalFlip("x", { shape, probability: 1 })(sample, new Random(1), 0);
  assertEquals([...sample.x], [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
  randomHorizontalFlip("x", { shape, probability: 0 })(sample, new Random(1), 0);
  assertEquals(sample.x[0], 3);
  const random = new Random(5);
  const flip = randomHorizontalFlip("x", { shape });
  let count = 0;
  for (let i = 0; i < 1000; i++) {
    const sample = image();
    flip(sample, random, i);
    count += Number(sample.x[0] === 3);
  }
  assert(count > 430 && count < 570, `${count} of 1000`);
});

test("randomCrop: images move by every distance, with the margin's value around", () => {
  const crop = randomCrop("x", { shape, padding: 1, fill: -1 });
  const random = new Random(2);
  const seen = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const sample = image();
    crop(sample, random, i);
    seen.add(String(sample.x));
  }
  assertEquals(seen.size, 9);
  const expected = [
    "1,2,3,4,5,6,7,8,9,10,11,12",
    "-1,-1,-1,-1,1,2,-1,-1,-1,-1,7,8",
    "5,6,-1,-1,-1,-1,11,12,-1,-1,-1,-1",
  ];
  for (const each of expected) assert(seen.has(each), `${each} of ${[...seen].join("\n")}`);
});

test("normalize: each channel has its mean and deviation", () => {
  const sample = image();
  normalize("x", { shape, mean: [3.5, 9.5], standardDeviation: [2, 0.5] })(
    sample,
    new Random(1),
    0,
  );
  const expected = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5].flatMap((value) => value);
  for (let i = 0; i < 6; i++) {
    assertAlmostEquals(sample.x[i], expected[i] / 2);
    assertAlmostEquals(sample.x[6 + i], expected[i] / 0.5);
  }
});

test("compose: transforms run in their order with one generator", () => {
  const transform = compose<"x">(
    ({ x }, random) => x[0] = random.bits() / 2 ** 32,
    ({ x }, random, index) => x[1] = x[0] + random.uniform() + index,
  );
  const [sample, random] = [image(), new Random(3)];
  transform(sample, new Random(3), 7);
  const first = random.uniform();
  assertAlmostEquals(sample.x[0], first, 1e-6);
  assertAlmostEquals(sample.x[1], first + random.uniform() + 7, 1e-5);
});

test("image transforms: options and fields that do not fit are refused", () => {
  const failure = (run: () => unknown, part: string) => assertThrows(run, QorusError, part);
  failure(() => randomHorizontalFlip("x", { shape, probability: 2 }), "probability is 2");
  failure(() => randomCrop("x", { shape, padding: -1 }), "padding is -1");
  failure(() => randomCrop("x", { shape: [1, 0, 3], padding: 1 }), "shape is [1,0,3]");
  failure(() => normalize("x", { shape, mean: [1], standardDeviation: [1, 1] }), "2 numbers");
  failure(() => normalize("x", { shape, mean: [1, 1], standardDeviation: [1, 0] }), "above 0");
  const flip = randomHorizontalFlip<"x">("x", { shape: [1, 2, 2], probability: 1 });
  failure(() => flip(image(), new Random(1), 0), "field x has 12 elements, the shape takes 4");
});
