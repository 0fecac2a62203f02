import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../../lib/native/error.ts";
import { DataLoader } from "../../../../lib/train/data/data_loader.ts";
import { TextWindows, type TextWindowsOptions } from "../../../../lib/train/data/text_windows.ts";
import { byteDefinition, createTokenizer } from "../../../../lib/tokenizer/mod.ts";

const ids = Array.from({ length: 11 }, (_, i) => 10 + i);

function windowsOf(windows: TextWindows): number[][] {
  const sample = {
    x: new Int32Array(windows.windowLength),
    y: new Int32Array(windows.windowLength),
  };
  return Array.from({ length: windows.length }, (_, index) => {
    windows.write(index, sample);
    assertEquals([...sample.y], Array.from(sample.x, (id) => id + 1));
    return [...sample.x];
  });
}

test("TextWindows: windows start at every stride and leave an id to predict", () => {
  const strided = windowsOf(new TextWindows(ids, { length: 5 }));
  assertEquals(strided, [[10, 11, 12, 13, 14], [15, 16, 17, 18, 19]]);
  assertEquals(new TextWindows(ids.slice(0, 10), { length: 5 }).length, 1);
  const overlapping = windowsOf(new TextWindows(ids, { length: 4, stride: 3 }));
  assertEquals(overlapping.map(([first]) => first), [10, 13, 16]);
  assertEquals(windowsOf(new TextWindows(ids, { length: 4, stride: 1 })).length, 7);
  assertEquals(windowsOf(new TextWindows(ids, { length: 10 })), [ids.slice(0, 10)]);
});

test("TextWindows: ids take two bytes where they fit, arrays are not copied", () => {
  const options = { length: 2 };
  assertEquals(new TextWindows([1, 2, 65_535], options).ids, Uint16Array.of(1, 2, 65_535));
  assertEquals(new TextWindows([1, 2, 65_536], options).ids, Int32Array.of(1, 2, 65_536));
  assertEquals(new TextWindows(Uint32Array.of(1, 2, 3), options).ids, Uint16Array.of(1, 2, 3));
  for (const kept of [Uint16Array.of(1, 2, 3), Int32Array.of(1, 2, 3)]) {
    assertEquals(new TextWindows(kept, options).ids === kept, true);
  }
});

test("TextWindows: text is encoded, and drawn windows lie anywhere in it", () => {
  const text = "abcdefghijklmnopqrstuvwxyz";
  const tokenizer = createTokenizer(byteDefinition());
  const windows = TextWindows.fromText(text, tokenizer, { length: 4, stride: 1 });
  using loader = new DataLoader(windows, { batchSize: 8, samplesPerEpoch: 400 });
  const starts = new Set<string>();
  for (const { x, y } of loader) {
    assertEquals([x.shape, y.shape, x.dtype, y.dtype], [[8, 4], [8, 4], "i32", "i32"]);
    for (let row = 0; row < 8; row++) {
      const shown = tokenizer.decode(Array.from(x.read().subarray(row * 4, row * 4 + 4)));
      assertEquals(text.includes(shown), true);
      starts.add(shown);
    }
  }
  assertEquals(starts.size, 22);
});

test("TextWindows: ids and sizes that cannot be are refused with what to do", () => {
  const failure = (ids: ArrayLike<number>, options: TextWindowsOptions, part: string) =>
    assertThrows(() => new TextWindows(ids, options), QorusError, part).code;
  assertEquals(failure([1, 2, 3], { length: 3 }, "a smaller length"), "invalid_argument");
  assertEquals(failure([], { length: 1 }, "0 ids"), "invalid_argument");
  assertEquals(failure([1, 2], { length: 0 }, "length is 0"), "invalid_argument");
  assertEquals(failure([1, 2], { length: 1, stride: 0 }, "stride is 0"), "invalid_argument");
  assertEquals(failure([1, 2], { length: 1.5 }, "length is 1.5"), "invalid_argument");
  assertEquals(failure([1, -2], { length: 1 }, "id 1 is -2"), "out_of_range");
  assertEquals(failure([1, 2.5], { length: 1 }, "id 1 is 2.5"), "out_of_range");
  assertEquals(failure([1, NaN], { length: 1 }, "id 1 is NaN"), "out_of_range");
  const vocabulary = { length: 1, vocabSize: 5 };
  assertEquals(
    failure([4, 5], vocabulary, "id 1 is 5, expected a whole number from 0 to 4"),
    "out_of_range",
  );
});
