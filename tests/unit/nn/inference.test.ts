/** Steps of inference: what the operations give that they are made of. */

import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { empty, tensor, zeros } from "../../../lib/core/creation.ts";
import { noGrad } from "../../../lib/core/gradient.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { Attention } from "../../../lib/nn/attention.ts";
import { FeedForward } from "../../../lib/nn/feed_forward.ts";
import { Linear } from "../../../lib/nn/linear.ts";
import { TransformerBlock } from "../../../lib/nn/transformer_block.ts";
import { siluMul } from "../../../lib/ops/activation.ts";
import { attention, rope, ropeTable, storeCache } from "../../../lib/ops/attention.ts";
import { attentionRows, ropeTableRows, storeCacheRows } from "../../../lib/ops/attention_rows.ts";
import { add } from "../../../lib/ops/elementwise.ts";
import {
  addLinear,
  cachedAttention,
  cachedAttentionRows,
  gatedLinear,
  linears,
} from "../../../lib/ops/inference.ts";
import { linear } from "../../../lib/ops/matmul.ts";
import { seededRandom } from "../../support/random.ts";

const random = seededRandom(5);

function numbers(...shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(Float32Array.from({ length: size }, () => random() - 0.5), { shape });
}

function assertSame(got: Tensor, expected: Tensor): void {
  assertEquals(got.shape, expected.shape);
  assertEquals(got.read(), expected.read());
}

test("linears, gatedLinear and addLinear are the products that they are made of", () => {
  using _ = scope();
  for (const shape of [[1, 40], [3, 40], [2, 30, 40]]) {
    const x = numbers(...shape);
    const weights = [20, 20, 7].map((rows, i) => ({
      weight: numbers(rows, 40),
      bias: i === 1 ? undefined : numbers(rows),
    }));
    const expected = weights.map(({ weight, bias }) => linear(x, weight, bias));
    for (const count of [2, 3]) {
      const got = linears(x, weights.slice(0, count));
      assertEquals(got.length, count);
      for (const [i, product] of got.entries()) assertSame(product, expected[i]);
    }
    assertSame(gatedLinear(x, weights[0], weights[1]), siluMul(expected[0], expected[1]));
    const residual = numbers(...shape.slice(0, -1), 7);
    const sum = add(residual, expected[2]);
    addLinear(residual, x, weights[2]);
    assertSame(residual, sum);
  }
});

test("linears: too few weights and recorded gradients are errors", () => {
  using _ = scope();
  const [x, weight] = [numbers(2, 4), numbers(3, 4)];
  const few = assertThrows(() => linears(x, [{ weight }]), QorusError, "two or three");
  assertEquals(few.code, "invalid_argument");
  weight.requiresGrad = true;
  const learned = { weight };
  for (
    const run of [
      () => linears(x, [learned, learned]),
      () => gatedLinear(x, learned, learned),
      () => addLinear(numbers(2, 3), x, learned),
    ]
  ) {
    assertThrows(run, QorusError, "records no gradients");
    noGrad(run);
  }
});

const [heads, kvHeads, headSize] = [6, 2, 32];

for (const dtype of ["f32", "f16", "q8_0"] as const) {
  const cache = (slots: number[]) => {
    const shape = [...slots, kvHeads, 40, headSize];
    const make = () => dtype === "q8_0" ? empty(shape, { dtype }) : zeros(shape, { dtype });
    return { keys: make(), values: make() };
  };
  const split = (x: Tensor, count: number) => x.view([x.shape[0], count, headSize]);

  test(`cachedAttention, ${dtype}: rope, storeCache and attention, for all rows or the last`, () => {
    using _ = scope();
    for (const ropeStyle of ["half", "neighbouring", undefined] as const) {
      const [own, apart] = [cache([]), cache([])];
      let position = 0;
      for (const [count, queryCount] of [[5, 5], [1, 1], [20, 1], [7, 3]]) {
        const [query, key, value] = [heads, kvHeads, kvHeads].map((n) =>
          numbers(count, n * headSize)
        );
        const table = ropeTable(numbers(headSize / 2), position, count);
        const turned = (x: Tensor, n: number) =>
          ropeStyle === undefined ? split(x, n) : rope(split(x, n), table, ropeStyle);
        storeCache(apart.keys, turned(key, kvHeads), position);
        storeCache(apart.values, split(value, kvHeads), position);
        const all = turned(query, heads);
        const last = all.slice(0, count - queryCount, count).contiguous();
        const first = position + count - queryCount;
        const scale = 1 / Math.sqrt(headSize);
        const expected = attention(last, apart.keys, apart.values, first, scale);
        const rows = {
          query: query.slice(0, count - queryCount, count).contiguous(),
          key,
          value,
          ropeTable: table,
          ropeStyle,
        };
        const got = cachedAttention(rows, own, position);
        assertSame(got, expected.view([queryCount, heads * headSize]));
        position += count;
      }
    }
  });

  test(`cachedAttentionRows, ${dtype}: rope, storeCacheRows and attentionRows`, () => {
    using _ = scope();
    const [own, apart] = [cache([3]), cache([3])];
    const frequencies = numbers(headSize / 2);
    for (const pairs of [[[0, 0], [2, 0]], [[0, 1], [0, 2], [2, 1]], [[2, 2]]]) {
      const places = tensor(pairs, { dtype: "i32" });
      const count = pairs.length;
      const table = ropeTableRows(frequencies, places);
      const [query, key, value] = [heads, kvHeads, kvHeads].map((n) =>
        numbers(count, n * headSize)
      );
      storeCacheRows(apart.keys, rope(split(key, kvHeads), table, "half"), places);
      storeCacheRows(apart.values, split(value, kvHeads), places);
      const turned = rope(split(query, heads), table, "half");
      const scale = 1 / Math.sqrt(headSize);
      const expected = attentionRows(turned, apart.keys, apart.values, places, scale);
      const rows = { query, key, value, ropeTable: table, ropeStyle: "half" } as const;
      const got = cachedAttentionRows(rows, own, places);
      assertSame(got, expected.view([count, heads * headSize]));
    }
  });
}

const options = { hiddenSize: 64, headCount: 4, keyValueHeadCount: 2, ropeStyle: "half" } as const;

test("Attention.addTo and FeedForward.addTo add what forward gives", () => {
  using _ = scope();
  const [layer, network] = [new Attention(options), new FeedForward(64, 96)];
  const caches = [0, 1, 2].map(() => ({ keys: zeros([2, 9, 16]), values: zeros([2, 9, 16]) }));
  const position = { start: 0, ropeTable: ropeTable(numbers(8), 0, 5) };
  const [x, residual] = [numbers(5, 64), numbers(5, 64)];
  const before = residual.contiguous();
  const last = tensor(residual.read().slice(4 * 64), { shape: [1, 64] });
  const attended = noGrad(() => add(residual, layer.forward(x, position, caches[0])));
  layer.addTo(residual, x, position, caches[1]);
  assertSame(residual, attended);
  layer.addTo(last, x, position, caches[2]);
  const [got, expected] = [last, attended.slice(0, 4, 5)].map((t) => t.toArray() as number[][]);
  assert(got[0].every((value, i) => Math.abs(value - expected[0][i]) < 1e-6));
  assertSame(caches[2].keys, caches[0].keys);
  const sum = noGrad(() => add(before, network.forward(x)));
  network.addTo(before, x);
  assertSame(before, sum);
});

test("layers of a class of their own keep their forward", () => {
  using _ = scope();
  class Doubled extends Linear {
    override forward(x: Tensor): Tensor {
      const once = super.forward(x);
      return add(once, once);
    }
  }
  const network = new FeedForward(8, 16);
  const x = numbers(3, 8);
  const plain = noGrad(() => network.forward(x)).read() as Float32Array;
  const { weight } = network.downProj;
  const doubled = new Doubled(16, 8, { bias: false });
  doubled.weight.tensor.copyFrom(weight.tensor);
  Object.assign(network, { downProj: doubled });
  const residual = zeros([3, 8]);
  network.addTo(residual, x);
  assertEquals(residual.read(), plain.map((value) => 2 * value));
});

test("a transformer block computes the last row alone, and takes up the others", () => {
  using _ = scope();
  const block = new TransformerBlock({ ...options, intermediateSize: 96 });
  const caches = [0, 1].map(() => ({ keys: zeros([2, 9, 16]), values: zeros([2, 9, 16]) }));
  const position = { start: 0, ropeTable: ropeTable(numbers(8), 0, 5) };
  const x = numbers(5, 64);
  const copy = () => tensor(x.read(), { shape: [5, 64] });
  const all = block.forward(copy(), position, caches[0]);
  const last = block.forward(copy(), position, caches[1], { lastOnly: true });
  assertEquals([all.shape, last.shape], [[5, 64], [1, 64]]);
  const [got, expected] = [last, all.slice(0, 4, 5)].map((t) => t.toArray() as number[][]);
  assert(got[0].every((value, i) => Math.abs(value - expected[0][i]) < 1e-5));
  assertSame(caches[1].values, caches[0].values);
  assertThrows(() => block.forward(x, undefined, caches[0]), QorusError, "needs a position");
});
