import { test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { counters } from "../../../../lib/core/context.ts";
import { scope } from "../../../../lib/core/scope.ts";
import type { Tensor } from "../../../../lib/core/tensor.ts";
import { QorusError } from "../../../../lib/native/error.ts";
import { DataLoader } from "../../../../lib/train/data/data_loader.ts";
import type { DataLoaderOptions } from "../../../../lib/train/data/data_loader_options.ts";
import type { Dataset } from "../../../../lib/train/data/dataset.ts";
import { seededRandom } from "../../../support/random.ts";

/** Samples whose numbers tell which one they are. */
function numbered(length: number): Dataset<"x" | "y"> {
  return {
    length,
    fields: { x: { shape: [2], dtype: "f32" }, y: { shape: [], dtype: "i32" } },
    write(index, { x, y }) {
      x[0] = index;
      x[1] = index + 0.5;
      y[0] = index;
    },
  };
}

type Loader = DataLoader<"x" | "y">;
type Options = DataLoaderOptions<"x" | "y">;

/** The samples of a batch, checked to belong together. */
function samplesOf({ x, y }: Record<"x" | "y", Tensor>): number[] {
  const samples = [...y.read()];
  assertEquals(x.shape, [samples.length, 2]);
  assertEquals([...x.read()], samples.flatMap((sample) => [sample, sample + 0.5]));
  return samples;
}

function walk(loader: Loader): number[][] {
  return Array.from(loader, samplesOf);
}

function failure(run: () => unknown, part: string): string {
  return assertThrows(run, QorusError, part).code;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

test("DataLoader: samples come in order, the last batch smaller or left out", () => {
  using loader = new DataLoader(numbered(7), { batchSize: 3 });
  assertEquals(loader.length, 3);
  assertEquals(loader.batchSize, 3);
  assertEquals(walk(loader), [[0, 1, 2], [3, 4, 5], [6]]);
  assertEquals(walk(loader), [[0, 1, 2], [3, 4, 5], [6]]);
  assertEquals(loader.epoch, 2);
  using dropping = new DataLoader(numbered(7), { batchSize: 3, dropLast: true });
  assertEquals(dropping.length, 2);
  assertEquals(walk(dropping), [[0, 1, 2], [3, 4, 5]]);
});

test("DataLoader: a batch may be larger than the data, unless it would be dropped", () => {
  using loader = new DataLoader(numbered(3), { batchSize: 100 });
  assertEquals([loader.length, ...walk(loader)], [1, [0, 1, 2]]);
  assertEquals(walk(loader), [[0, 1, 2]]);
  const options = { batchSize: 4, dropLast: true };
  const run = () => new DataLoader(numbered(3), options);
  assertEquals(
    failure(run, "set batchSize to at most 3, or dropLast to false"),
    "invalid_argument",
  );
  assertEquals(
    failure(() => new DataLoader(numbered(0), { batchSize: 1 }), "no samples"),
    "invalid_argument",
  );
});

test("DataLoader: options are checked", () => {
  const make = (options: Options) => () => new DataLoader(numbered(5), options);
  for (const batchSize of [0, -1, 1.5, NaN]) {
    assertEquals(failure(make({ batchSize }), "batchSize"), "invalid_argument");
  }
  assertEquals(failure(make({ batchSize: 1, seed: -1 }), "seed"), "invalid_argument");
  assertEquals(
    failure(make({ batchSize: 1, samplesPerEpoch: 0 }), "samplesPerEpoch"),
    "invalid_argument",
  );
  assertEquals(
    failure(make({ batchSize: 1, shuffleBuffer: 9 }), "shuffleBuffer"),
    "invalid_argument",
  );
  const odd = { ...numbered(2), fields: { x: { shape: [0], dtype: "f32" } } } as unknown as Dataset<
    "x"
  >;
  assertEquals(failure(() => new DataLoader(odd, { batchSize: 1 }), "field x"), "invalid_shape");
  const half = { ...numbered(2), fields: { x: { shape: [], dtype: "f16" } } } as unknown as Dataset<
    "x"
  >;
  assertEquals(failure(() => new DataLoader(half, { batchSize: 1 }), "f16"), "invalid_dtype");
});

test("DataLoader: each epoch has every sample once, in an order of its own", () => {
  const options = { batchSize: 8, shuffle: true, seed: 3 };
  using loader = new DataLoader(numbered(50), options);
  const epochs = Array.from({ length: 4 }, () => walk(loader).flat());
  for (const epoch of epochs) {
    assertEquals(epoch.toSorted((a, b) => a - b), numbers(50));
  }
  assertEquals(new Set(epochs.map(String)).size, 4);
  using same = new DataLoader(numbered(50), options);
  assertEquals(Array.from({ length: 4 }, () => walk(same).flat()), epochs);
  using other = new DataLoader(numbered(50), { ...options, seed: 4 });
  assertNotEquals(walk(other).flat(), epochs[0]);
});

test("DataLoader: every sample is as likely at every place of a shuffled epoch", () => {
  const [size, epochs] = [8, 4000];
  using loader = new DataLoader(numbered(size), { batchSize: size, shuffle: true });
  const counts = numbers(size).map(() => new Float64Array(size));
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { y } of loader) {
      for (const [place, sample] of y.read().entries()) counts[place][sample]++;
    }
  }
  const expected = epochs / size;
  const chiSquared = counts.flatMap((row) => [...row])
    .reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 49 degrees of freedom: 85.4 is passed once in a thousand.
  assert(chiSquared < 85.4 && chiSquared > 22, `chi squared ${chiSquared}`);
});

test("DataLoader: an epoch can be samples drawn out of all", () => {
  const options = { batchSize: 10, samplesPerEpoch: 1000, seed: 2 };
  using loader = new DataLoader(numbered(20), options);
  assertEquals(loader.length, 100);
  const drawn = walk(loader).flat();
  assertEquals(drawn.length, 1000);
  const counts = new Float64Array(20);
  for (const sample of drawn) counts[sample]++;
  const chiSquared = counts.reduce((sum, count) => sum + (count - 50) ** 2 / 50, 0);
  // 19 degrees of freedom.
  assert(chiSquared < 43.8 && chiSquared > 4, `chi squared ${chiSquared}`);
  assertNotEquals(walk(loader).flat(), drawn);
});

const resumable: readonly [string, number, Options][] = [
  ["in order", 7, { batchSize: 3 }],
  ["shuffled", 7, { batchSize: 2, shuffle: true, seed: 5 }],
  ["whole batches", 7, { batchSize: 2, shuffle: true, dropLast: true }],
  ["one batch", 3, { batchSize: 5, shuffle: true }],
  ["drawn", 4, { batchSize: 3, samplesPerEpoch: 8 }],
  ["transformed", 6, {
    batchSize: 4,
    shuffle: true,
    transform({ x, y }, random, index) {
      assertEquals(y[0], index);
      y[0] = random.below(1000);
      x[0] = y[0];
      x[1] = y[0] + 0.5;
    },
  }],
];

test("DataLoader: a run that is interrupted at any batch goes on as if it were not", () => {
  for (const [name, length, options] of resumable) {
    using whole = new DataLoader(numbered(length), options);
    const epochs = [walk(whole), walk(whole), walk(whole)];
    const expected = epochs.flat();
    for (let stop = 0; stop <= 2 * epochs[0].length; stop++) {
      using first = new DataLoader(numbered(length), options);
      const seen: number[][] = [];
      while (seen.length < stop) {
        for (const batch of first) {
          seen.push(samplesOf(batch));
          if (seen.length === stop) break;
        }
      }
      const state = JSON.parse(JSON.stringify(first.stateDict()));
      using second = new DataLoader(numbered(length), options);
      second.loadStateDict(state);
      while (seen.length < expected.length) seen.push(...walk(second));
      assertEquals(seen, expected, `${name}, stopped after ${stop} batches`);
    }
  }
});

test("DataLoader: any options resume exactly", () => {
  const random = seededRandom(11);
  const below = (count: number) => Math.floor(random() * count);
  for (let round = 0; round < 60; round++) {
    const length = 1 + below(40);
    const options: Options = {
      batchSize: 1 + below(length),
      shuffle: random() < 0.5,
      dropLast: random() < 0.5,
      seed: below(2 ** 32),
    };
    using loader = new DataLoader(numbered(length), options);
    for (let skipped = below(3); skipped > 0; skipped--) walk(loader);
    const expected = walk(loader);
    const stop = below(expected.length) + 1;
    using broken = new DataLoader(numbered(length), options);
    while (broken.epoch < loader.epoch - 1) walk(broken);
    let count = 0;
    for (const batch of broken) {
      samplesOf(batch);
      if (++count === stop) break;
    }
    using resumed = new DataLoader(numbered(length), options);
    resumed.loadStateDict(broken.stateDict());
    const where = JSON.stringify({ length, ...options, stop });
    assertEquals(walk(resumed), expected.slice(stop), where);
    assertEquals(walk(resumed), walk(loader), where);
  }
});

test("DataLoader: break gives up the rest of an epoch; loading its own state goes on", () => {
  using loader = new DataLoader(numbered(6), { batchSize: 2 });
  for (const batch of loader) if (samplesOf(batch)[0] === 2) break;
  assertEquals(loader.epoch, 0);
  assertEquals([loader.stateDict().epoch, loader.stateDict().position], [0, 2]);
  assertEquals(walk(loader), [[0, 1], [2, 3], [4, 5]]);
  assertEquals(loader.epoch, 2);
  for (const _ of loader) break;
  loader.loadStateDict(loader.stateDict());
  assertEquals(walk(loader), [[2, 3], [4, 5]]);
  assertEquals(loader.epoch, 3);
});

test("DataLoader: a state behind the last batch leaves an epoch without batches", () => {
  using loader = new DataLoader(numbered(4), { batchSize: 2 });
  let state = loader.stateDict();
  for (const _ of loader) state = loader.stateDict();
  assertEquals([state.epoch, state.position], [0, 2]);
  using resumed = new DataLoader(numbered(4), { batchSize: 2 });
  resumed.loadStateDict(state);
  assertEquals(walk(resumed), []);
  assertEquals(resumed.epoch, 1);
  assertEquals(walk(resumed), [[0, 1], [2, 3]]);
});

test("DataLoader: an older walk that is gone on with throws", () => {
  using loader = new DataLoader(numbered(4), { batchSize: 2 });
  const nested = () => {
    for (const _ of loader) for (const batch of loader) samplesOf(batch);
  };
  assertEquals(failure(nested, "make a loader for each"), "invalid_argument");
  const reloaded = () => {
    for (const _ of loader) loader.loadStateDict(loader.stateDict());
  };
  assertEquals(failure(reloaded, "a state was loaded"), "invalid_argument");
  const disposed = () => {
    for (const _ of loader) loader[Symbol.dispose]();
  };
  assertEquals(failure(disposed, "disposed"), "stale_handle");
  assertEquals(failure(() => walk(loader), "disposed"), "stale_handle");
  loader[Symbol.dispose]();
});

test("DataLoader: states of other loaders are refused", () => {
  const options = { batchSize: 2, shuffle: true, seed: 1 };
  using loader = new DataLoader(numbered(6), options);
  for (const _ of loader) break;
  const state = loader.stateDict();
  const others: [string, number, Options][] = [
    ["seed 1, this loader has 2", 6, { ...options, seed: 2 }],
    ["batchSize 2, this loader has 3", 6, { ...options, batchSize: 3 }],
    ["a data set of length 6, this loader has 7", 7, options],
    ["shuffle 1", 6, { ...options, shuffle: false }],
    ["dropLast 0", 6, { ...options, dropLast: true }],
    ["samplesPerEpoch 0", 6, { ...options, samplesPerEpoch: 4 }],
  ];
  for (const [part, length, otherOptions] of others) {
    using other = new DataLoader(numbered(length), otherOptions);
    assertEquals(failure(() => other.loadStateDict(state), part), "invalid_argument");
  }
  using same = new DataLoader(numbered(6), options);
  for (
    const damaged of [{}, { ...state, epoch: -1 }, { ...state, position: 0.5 }, {
      ...state,
      position: 4,
    }]
  ) {
    assertEquals(failure(() => same.loadStateDict(damaged), "state"), "invalid_argument");
  }
  assertEquals(walk(same).length, 3);
});

test("DataLoader: a transform's numbers belong to seed, epoch and sample", () => {
  const drawn = (options: Partial<Options>) => {
    const epochs: number[][] = [];
    using loader = new DataLoader(numbered(10), {
      batchSize: 4,
      ...options,
      transform(_, random, index) {
        (epochs[loader.epoch] ??= [])[index] = random.bits();
      },
    });
    walk(loader);
    walk(loader);
    return epochs;
  };
  const first = drawn({ seed: 1 });
  assertEquals(drawn({ seed: 1, shuffle: true, batchSize: 3 }), first);
  const others = drawn({ seed: 2 });
  assertEquals(new Set([...first.flat(), ...others.flat()]).size, 40);
});

test("DataLoader: batches outlive scopes, are one tensor, and end with the loader", () => {
  const loader = new DataLoader(numbered(5), { batchSize: 2 });
  const seen = new Set<Tensor>();
  {
    using _ = scope();
    for (const { x } of loader) seen.add(x);
  }
  for (const { x } of loader) {
    using _ = scope();
    seen.add(x);
    assert(x.isLasting && x.isLive);
  }
  assertEquals(seen.size, 2);
  loader[Symbol.dispose]();
  for (const tensor of seen) assertEquals(tensor.isLive, false);
});

test("DataLoader: warm epochs ask for no memory and make no tensors", () => {
  using loader = new DataLoader(numbered(103), { batchSize: 10, shuffle: true });
  walk(loader);
  const before = counters();
  for (let epoch = 0; epoch < 5; epoch++) for (const _ of loader);
  assertEquals(counters(), before);
});
