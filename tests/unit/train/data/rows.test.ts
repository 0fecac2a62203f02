import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { counters } from "../../../../lib/core/context.ts";
import { QorusError } from "../../../../lib/native/error.ts";
import { type CsvRow, readCsv } from "../../../../lib/train/data/csv.ts";
import { DataLoader } from "../../../../lib/train/data/data_loader.ts";
import type { DataLoaderOptions } from "../../../../lib/train/data/data_loader_options.ts";
import type { IterableDataset } from "../../../../lib/train/data/iterable_dataset.ts";
import { fromRows, streamRows } from "../../../../lib/train/data/rows.ts";
import { TemporaryFolder } from "../../../support/temporary_folder.ts";

const fields = {
  x: { shape: [2], value: (row: CsvRow) => row.numbers(["a", "b"]) },
  y: { dtype: "i32", classes: 3, value: (row: CsvRow) => row.number("class") },
} as const;

function walk(loader: DataLoader<"x" | "y">): unknown[][] {
  return Array.from(loader, ({ x, y }) => [x.toArray(), y.toArray()]);
}

test("rows: a CSV file becomes a data set, in memory or as a stream", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x.csv");
  const rows = Array.from({ length: 1000 }, (_, i) => `${i},${-i - 0.5},${i % 3}`);
  writeFileSync(path, ["a,b,class", ...rows].join("\n"));
  const inMemory = fromRows(readCsv(path), fields);
  const stream = streamRows(readCsv(path), fields);
  assertEquals(inMemory.length, 1000);
  assertEquals(inMemory.fields, stream.fields);
  assertEquals(inMemory.fields.x, { shape: [2], dtype: "f32" });
  using first = new DataLoader(inMemory, { batchSize: 64 });
  using second = new DataLoader(stream, { batchSize: 64 });
  assertEquals([first.length, second.length], [16, undefined]);
  const expected = walk(first);
  assertEquals(expected[0][1], Array.from({ length: 64 }, (_, i) => i % 3));
  assertEquals(walk(second), expected);
  assertEquals(walk(second), expected);
});

test("rows: numbers that do not fit are errors with file and line", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x.csv");
  const failure = (
    row: string,
    part: string,
    definitions: Parameters<typeof fromRows<CsvRow, "x">>[1],
  ) => {
    writeFileSync(path, `a,b,class\n1,2,0\n${row}\n`);
    const run = () => fromRows(readCsv(path), definitions);
    return assertThrows(run, QorusError, `${path}: line 3: ${part}`).code;
  };
  const value = (row: CsvRow) => row.number("class");
  assertEquals(failure("1,x,0", "b: is no number", { x: fields.x }), "invalid_file");
  const classes = { x: { dtype: "i32", classes: 3, value } } as const;
  assertEquals(
    failure("1,2,3", "field x: 3 is no class, expected 0 to 2", classes),
    "out_of_range",
  );
  assertEquals(failure("1,2,-1", "field x: -1 is no class", classes), "out_of_range");
  assertEquals(failure("1,2,0.5", "field x: number 0 is 0.5", classes), "out_of_range");
  const bytes = { x: { dtype: "u8", value } } as const;
  assertEquals(failure("1,2,256", "field x: number 0 is 256", bytes), "out_of_range");
  const missing = { x: { value: (row: CsvRow) => Number(row.values[7]) } };
  assertEquals(
    assertThrows(() => fromRows(readCsv(path), missing), QorusError, "NaN").message,
    `${path}: line 2: field x: number 0 is NaN, expected a finite number`,
  );
  const wide = { x: { shape: [3], value: (row: CsvRow) => row.values.slice(0, 2).map(Number) } };
  writeFileSync(path, "a,b\n1,2\n");
  const error = assertThrows(() => fromRows(readCsv(path), wide), QorusError, "2 numbers");
  assertEquals(error.code, "invalid_shape");
});

test("rows: what is not from a file is numbered, and nothing at all is refused", () => {
  const definitions = { x: { value: (row: number) => row } };
  assertEquals(fromRows([1, 2, 3], definitions).length, 3);
  const run = () => fromRows([1, NaN], definitions);
  assertThrows(run, QorusError, "row 1: field x: number 0 is NaN");
  assertThrows(() => fromRows([], definitions), QorusError, "there are no rows");
});

/** A stream of numbers; `x` repeats `y` so that both can be checked to belong together. */
function numbered(length: number): IterableDataset<"x" | "y"> {
  const x = new Float32Array(1);
  return {
    fields: { x: { shape: [1], dtype: "f32" }, y: { shape: [], dtype: "i32" } },
    *[Symbol.iterator]() {
      for (let i = 0; i < length; i++) {
        x[0] = i;
        yield { x, y: i };
      }
    },
  };
}

function samples(loader: DataLoader<"x" | "y">): number[][] {
  return Array.from(loader, ({ x, y }) => {
    assertEquals([...x.read()], [...y.read()]);
    return [...y.read()];
  });
}

test("streams: a buffer shuffles, each epoch in another way, all samples once", () => {
  const options = { batchSize: 8, shuffle: true, shuffleBuffer: 30, seed: 1 };
  using loader = new DataLoader(numbered(100), options);
  const [first, second] = [samples(loader).flat(), samples(loader).flat()];
  const expected = Array.from({ length: 100 }, (_, i) => i);
  assertEquals(first.toSorted((a, b) => a - b), expected);
  assertEquals(second.toSorted((a, b) => a - b), expected);
  assertNotEquals(first, second);
  // Nothing comes before it is read.
  for (const [place, sample] of first.entries()) assert(sample < place + 30);
  using small = new DataLoader(numbered(5), { batchSize: 8, shuffle: true });
  assertEquals(samples(small).flat().toSorted(), [0, 1, 2, 3, 4]);
});

test("streams: a run that is interrupted at any batch goes on as if it were not", () => {
  const all: DataLoaderOptions<"x" | "y">[] = [
    { batchSize: 3 },
    { batchSize: 3, dropLast: true },
    { batchSize: 3, shuffle: true, shuffleBuffer: 4 },
    {
      batchSize: 4,
      shuffle: true,
      transform: ({ x, y }, random) => x[0] = y[0] = random.below(99),
    },
  ];
  for (const options of all) {
    using whole = new DataLoader(numbered(10), options);
    const epochs = [samples(whole), samples(whole)];
    for (let stop = 1; stop <= epochs[0].length; stop++) {
      using first = new DataLoader(numbered(10), options);
      let count = 0;
      for (const _ of first) if (++count === stop) break;
      using second = new DataLoader(numbered(10), options);
      second.loadStateDict(first.stateDict());
      assertEquals(samples(second), epochs[0].slice(stop));
      assertEquals(samples(second), epochs[1]);
    }
  }
});

test("streams: generators, empty streams and shorter ones than before are refused", () => {
  const failure = (run: () => unknown, part: string) =>
    assertEquals(assertThrows(run, QorusError, part).code, "invalid_argument");
  const { fields } = numbered(1);
  const generator = numbered(3)[Symbol.iterator]();
  const once = Object.assign(generator, { fields }) as unknown as IterableDataset<"x" | "y">;
  using walked = new DataLoader(once, { batchSize: 1 });
  failure(() => samples(walked), "only once");
  const rows = streamRows([1].values(), { x: { value: (row: number) => row } });
  failure(() => [...rows], "only once");
  using empty = new DataLoader(numbered(0), { batchSize: 1 });
  failure(() => samples(empty), "no samples");
  using few = new DataLoader(numbered(3), { batchSize: 4, dropLast: true });
  failure(() => samples(few), "set batchSize to at most 3");
  using long = new DataLoader(numbered(9), { batchSize: 2 });
  let batches = 0;
  for (const _ of long) if (++batches === 4) break;
  using short = new DataLoader(numbered(5), { batchSize: 2 });
  short.loadStateDict(long.stateDict());
  failure(() => samples(short), "the data set ends after 5");
  failure(
    () => new DataLoader(numbered(3), { batchSize: 1, samplesPerEpoch: 3 }),
    "samplesPerEpoch",
  );
  failure(() => new DataLoader(numbered(3), { batchSize: 1, shuffleBuffer: 3 }), "shuffleBuffer");
});

test("streams: a sample without a field, or with a wrong number, is named", () => {
  const { fields } = numbered(1);
  for (
    const [sample, part] of [
      [{ x: [1] }, "sample 0: field y: no numbers"],
      [{ x: [1, 2], y: 1 }, "sample 0: field x: 2 numbers given, [1] takes 1"],
      [{ x: [1e39], y: 1 }, "sample 0: field x: number 0 is 1e+39"],
      [{ x: ["a"], y: 1 }, "sample 0: field x: number 0 is a"],
      [{ x: [1], y: 2 ** 31 }, "sample 0: field y: number 0 is 2147483648"],
    ] as const
  ) {
    const dataset = { fields, [Symbol.iterator]: () => [sample].values() };
    using loader = new DataLoader(dataset as unknown as IterableDataset<"x" | "y">, {
      batchSize: 1,
    });
    assertThrows(() => samples(loader), QorusError, part);
  }
});

test("streams: a walk that is broken off ends the stream; warm epochs ask for no memory", () => {
  let ended = 0;
  const { fields } = numbered(1);
  const dataset: IterableDataset<"x" | "y"> = {
    fields,
    *[Symbol.iterator]() {
      try {
        yield* numbered(10);
      } finally {
        ended++;
      }
    },
  };
  using loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, shuffleBuffer: 2 });
  for (const _ of loader) break;
  assertEquals(ended, 1);
  samples(loader);
  assertEquals(ended, 2);
  const before = counters();
  for (const _ of loader);
  assertEquals(counters(), before);
});
