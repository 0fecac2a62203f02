import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { zeros } from "../../lib/core/creation.ts";
import type { DType } from "../../lib/core/dtype.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { attention, storeCache } from "../../lib/ops/attention.ts";
import { assertClose } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";

const golden = new GoldenFile("attention");
const capacity = 210;

/** Rows `start` to `end` of the outermost dimension, contiguous. */
function rows(x: Tensor, start: number, end: number): Tensor {
  return x.slice(0, start, end).contiguous();
}

/** Feeds a sequence in pieces, as generation does, and compares every piece's rows. */
function feed(name: string, cacheType: DType, cuts: readonly number[]): void {
  using _ = scope();
  const [query, keys, values] = ["query", "keys", "values"].map((input) =>
    golden.tensor(`${name}/${input}`)
  );
  const [total, kvHeads, headSize] = keys.shape;
  const queryStart = total - query.shape[0];
  const expected = golden.stored(`${name}/expected`).numbers;
  const rowLength = expected.length / query.shape[0];
  const cache = () => zeros([kvHeads, capacity, headSize], { dtype: cacheType });
  const [keyCache, valueCache] = [cache(), cache()];
  for (let piece = 0; piece + 1 < cuts.length; piece++) {
    const [start, end] = [cuts[piece], cuts[piece + 1]];
    storeCache(keyCache, rows(keys, start, end), start);
    storeCache(valueCache, rows(values, start, end), start);
    if (end <= queryStart) continue;
    const first = start - queryStart;
    const result = attention(
      rows(query, first, end - queryStart),
      keyCache,
      valueCache,
      start,
      1 / Math.sqrt(headSize),
    );
    const part = expected.subarray(first * rowLength, (end - queryStart) * rowLength);
    assertClose(result.read(), part);
  }
}

const sequences = [...golden.cases].filter((name) => /_f(32|16)$/.test(name));
const cuttings: Record<string, readonly number[]> = {
  "in one piece": [0, 18],
  "in chunks and steps": [0, 9, 16, 17, 18],
  "token by token": Array.from({ length: 19 }, (_, i) => i),
};

for (const name of sequences) {
  for (const [how, cuts] of Object.entries(cuttings)) {
    test(`golden: ${name}, ${how}`, () => feed(name, name.endsWith("f16") ? "f16" : "f32", cuts));
  }
}

test("golden: attention_long, few queries against many keys", () => {
  feed("attention_long", "f32", [0, 198, 203]);
  feed("attention_long", "f32", [0, 198, 199, 200, 201, 202, 203]);
});

test("golden: attention_prefill, more queries than a tile", () => {
  feed("attention_prefill", "f32", [0, 101]);
  feed("attention_prefill", "f32", [0, 64, 101]);
});

test("golden: no attention case is forgotten", () => {
  const others = [...golden.cases].filter((name) => !sequences.includes(name));
  assertEquals(others, ["attention_long", "attention_prefill"]);
});
