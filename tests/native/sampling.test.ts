import { test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { configure, libraryInfo } from "../../lib/core/context.ts";
import { full, tensor } from "../../lib/core/creation.ts";
import { Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import { QorusError } from "../../lib/native/error.ts";
import { argmax, Generator, sample, type SampleOptions } from "../../lib/ops/sampling.ts";

const neutral: SampleOptions = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
};
const logits = [1.2, -0.3, 2.1, 0.4, -1.5, 2.1, 0, -4, 1.9, 0.7];
const recentIds = [2, 4, 2, 99];

/** Probabilities by the plain definition, in llama.cpp's order of steps. */
function probabilities(options: SampleOptions, recent: readonly number[]): number[] {
  const { temperature, topK, topP, minP, repetitionPenalty: penalty } = options;
  const penalized = logits.map((logit, i) => {
    if (!recent.includes(i)) return logit;
    return logit > 0 ? logit / penalty : logit * penalty;
  });
  const ranks = penalized.map((_, i) => i).sort((a, b) => penalized[b] - penalized[a] || a - b);
  let kept = topK > 0 ? ranks.slice(0, topK) : ranks;
  const shares = (ids: readonly number[], divisor: number) => {
    const masses = ids.map((id) => Math.exp((penalized[id] - penalized[ranks[0]]) / divisor));
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    return masses.map((mass) => mass / total);
  };
  let sum = 0;
  const enough = shares(kept, 1).findIndex((share) => (sum += share) >= topP);
  if (enough >= 0) kept = kept.slice(0, enough + 1);
  const [best, ...rest] = shares(kept, 1);
  kept = kept.slice(0, 1 + rest.filter((share) => share >= minP * best).length);
  const result = logits.map(() => 0);
  for (const [i, share] of shares(kept, temperature).entries()) result[kept[i]] = share;
  return result;
}

/** Draws with one seed and how often each index came. */
function draw(count: number, seed: number, options: SampleOptions, recent: number[]): number[] {
  using _ = scope();
  const x = tensor(logits);
  const ids = recent.length > 0 ? tensor(new Int32Array(recent)) : undefined;
  using generator = new Generator(seed, 0);
  return Array.from({ length: count }, () => sample(x, ids, generator, options));
}

// 99.9 % points of the chi-square distribution by degrees of freedom.
const criticalValues = [0, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88];

const rows: [name: string, options: Partial<SampleOptions>, recent: number[]][] = [
  ["the softmax", {}, []],
  ["temperature 0.5", { temperature: 0.5 }, []],
  ["temperature 3", { temperature: 3 }, []],
  ["top-k 4", { topK: 4 }, []],
  ["top-k beyond the vocabulary", { topK: 400 }, []],
  ["top-k 1", { topK: 1 }, []],
  ["top-p 0.7", { topP: 0.7 }, []],
  ["top-p 0.7 and temperature 2", { topP: 0.7, temperature: 2 }, []],
  ["a tiny top-p", { topP: 1e-6 }, []],
  ["min-p 0.2", { minP: 0.2 }, []],
  ["min-p 1", { minP: 1 }, []],
  ["repetition penalty 1.5", { repetitionPenalty: 1.5 }, recentIds],
  ["repetition penalty 0.8", { repetitionPenalty: 0.8 }, recentIds],
  [
    "everything at once",
    { temperature: 0.8, topK: 6, topP: 0.9, minP: 0.1, repetitionPenalty: 1.3 },
    recentIds,
  ],
];

for (const [name, some, recent] of rows) {
  test(`sample: ${name} has its distribution`, () => {
    const options = { ...neutral, ...some };
    const count = 20_000;
    const expected = probabilities(options, recent);
    const observed = logits.map(() => 0);
    for (const id of draw(count, 1234, options, recent)) observed[id]++;
    let statistic = 0;
    let possible = 0;
    for (const [id, share] of expected.entries()) {
      if (share === 0) assertEquals(observed[id], 0, `index ${id} cannot be drawn`);
      if (share === 0) continue;
      possible++;
      statistic += (observed[id] - share * count) ** 2 / (share * count);
    }
    assert(statistic <= criticalValues[possible - 1], `chi-square ${statistic}: ${observed}`);
  });
}

test("sample: a seed gives its sequence, on any number of threads", () => {
  const options = { ...neutral, temperature: 1.3, topP: 0.95 };
  const { threads } = libraryInfo();
  const first = draw(200, 42, options, []);
  configure({ threads: 3 });
  assertEquals(draw(200, 42, options, []), first);
  configure({ threads });
  assertNotEquals(draw(200, 43, options, []), first);
  // Seeds differ in their upper half as well.
  assertNotEquals(draw(200, 42 + 2 ** 32, options, []), first);
});

/** xoshiro256++ seeded by splitmix64 (Blackman and Vigna 2019), uniform in [0, 1). */
function uniformNumbers(count: number, seed: bigint): number[] {
  const wrap = (value: bigint) => BigInt.asUintN(64, value);
  const rotate = (value: bigint, bits: bigint) => wrap(value << bits) | (value >> (64n - bits));
  let counter = seed;
  const state = Array.from({ length: 4 }, () => {
    counter = wrap(counter + 0x9e3779b97f4a7c15n);
    let mixed = wrap((counter ^ (counter >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = wrap((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  });
  return Array.from({ length: count }, () => {
    const result = wrap(rotate(wrap(state[0] + state[3]), 23n) + state[0]);
    const shifted = wrap(state[1] << 17n);
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45n);
    return Number(result >> 11n) / 2 ** 53;
  });
}

test("sample: draws are those of the published generator, in order of tokens", () => {
  const shares = probabilities(neutral, []);
  for (const seed of [0, 7, 2 ** 40 + 3]) {
    const expected = uniformNumbers(200, BigInt(seed)).map((number) => {
      let sum = 0;
      return shares.findIndex((share) => (sum += share) > number);
    });
    assertEquals(draw(200, seed, neutral, []), expected);
  }
});

test("sample: temperature 0 takes the largest and draws nothing", () => {
  using _ = scope();
  const x = tensor(logits);
  using generator = new Generator(5, 0);
  const before = generator.state.toArray();
  assertEquals(sample(x, undefined, generator, { ...neutral, temperature: 0 }), 2);
  assertEquals(generator.state.toArray(), before);
  sample(x, undefined, generator, neutral);
  assertNotEquals(generator.state.toArray(), before);
  assertEquals(x.read(), Float32Array.from(logits));
});

test("sample: NaN and infinities", () => {
  using _ = scope();
  using generator = new Generator(5, 0);
  const pick = (values: number[]) => sample(tensor(values), undefined, generator, neutral);
  for (let i = 0; i < 20; i++) {
    assertEquals(pick([NaN, -Infinity, 3, NaN]), 2);
    assertEquals(pick([1, Infinity, 3]), 1);
  }
  const none = pick([-Infinity, -Infinity]);
  assert(none === 0 || none === 1);
});

test("sample: options out of range are refused", () => {
  using _ = scope();
  using generator = new Generator(5, 0);
  const x = tensor(logits);
  const wrong: Partial<SampleOptions>[] = [
    { temperature: -1 },
    { temperature: NaN },
    { topP: 0 },
    { minP: -0.1 },
    { repetitionPenalty: 0 },
  ];
  for (const options of wrong) {
    const run = () => sample(x, undefined, generator, { ...neutral, ...options });
    assertEquals(assertThrows(run, QorusError, "expected").code, "invalid_argument");
  }
});

test("argmax: the largest, the first of equals, NaN last", () => {
  using _ = scope();
  assertEquals(argmax(tensor(logits)), 2);
  assertEquals(argmax(tensor([NaN, -5, -5])), 1);
  assertEquals(argmax(tensor([-Infinity])), 0);
  const random = new Random(3);
  for (const count of [1, 2, 7, 16, 33, 100, 1001]) {
    const values = Float32Array.from({ length: count }, () => random.normal());
    const largest = values.reduce((best, value, i) => value > values[best] ? i : best, 0);
    assertEquals(argmax(tensor(values)), largest);
    assertEquals(argmax(full([count], 2)), 0);
  }
});
