/** Layers right behind a small table multiply the table: results and gradients stay the same. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import "../../lib/autograd/backward.ts";
import { tensor } from "../../lib/core/creation.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import { manualSeed, Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import * as nn from "../../lib/nn/mod.ts";
import { add, mul } from "../../lib/ops/elementwise.ts";
import { embedding } from "../../lib/ops/embedding.ts";
import { linear } from "../../lib/ops/matmul.ts";
import { sum } from "../../lib/ops/reduction.ts";
import { assertClose } from "../support/close.ts";

const random = new Random(11);

function leaf(...shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const made = tensor(Float32Array.from({ length: size }, () => random.normal()), { shape });
  made.requiresGrad = true;
  return made;
}

function idsBelow(rows: number, shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(Int32Array.from({ length: size }, (_, i) => (i * i + i) % rows), { shape });
}

/** The same numbers, of which nobody knows any more that they were looked up. */
const unknown = (x: Tensor): Tensor => mul(x, 1);

function assertSame(a: Tensor, b: Tensor): void {
  assertEquals(a.shape, b.shape);
  assertClose([...a.contiguous().read()], [...b.contiguous().read()]);
}

/** Runs a model on looked up rows both ways: the results and the gradients of `leaves` agree. */
function assertSameEitherWay(
  leaves: readonly Tensor[],
  rows: () => Tensor,
  model: (x: Tensor) => Tensor,
): void {
  const runs = [(x: Tensor) => x, unknown].map((passed) => {
    for (const each of leaves) each.grad = undefined;
    const result = model(passed(rows()));
    const weights = tensor(Float32Array.from({ length: result.size }, (_, i) => Math.sin(i)), {
      shape: result.shape,
    });
    sum(mul(result, weights)).backward();
    return [result, ...leaves.map(({ grad }) => grad!)];
  });
  for (const [i, known] of runs[0].entries()) assertSame(known, runs[1][i]);
}

test("lookups: linear multiplies the rows of a small table once", () => {
  using _ = scope();
  const [table, weight, bias] = [leaf(5, 7), leaf(9, 7), leaf(9)];
  const ids = idsBelow(5, [4, 6]);
  const rows = () => embedding(table, ids);
  assertSameEitherWay([table, weight, bias], rows, (x) => linear(x, weight, bias));
  assertSameEitherWay(
    [table, weight],
    rows,
    (x) => add(linear(x, weight), add(linear(x, weight), sum(mul(x, 0.01)))),
  );
});

test("lookups: what was changed since is multiplied as it is", () => {
  using _ = scope();
  const [table, weight] = [leaf(5, 7), leaf(9, 7)];
  const changes: ((rows: Tensor, ids: Tensor) => void)[] = [
    (rows) => rows.data[3] += 1,
    (rows) => rows.slice(0, 2, 3).fill(0),
    () => table.data[7] = 0.5,
    (_, ids) => ids.data[0] = 4,
    (_, ids) => ids.data[9] = 5,
  ];
  for (const change of changes) {
    const ids = idsBelow(5, [10]);
    const rows = embedding(table, ids);
    change(rows, ids);
    const product = linear(rows, weight);
    assertEquals(product.node?.op, "linear");
    assertSame(product, linear(rows.detach(), weight));
  }
});

test("lookups: large tables, frozen ones, few ids and no tape: the usual way", () => {
  using _ = scope();
  const [table, weight] = [leaf(5, 7), leaf(9, 7)];
  const opOf = (ids: Tensor, of = table) => linear(embedding(of, ids), weight).node?.op;
  assertEquals(opOf(idsBelow(5, [9])), "linear");
  assert(opOf(idsBelow(5, [10])) === "embedding");
  const frozen = noGrad(() => mul(table, 1));
  assertEquals(opOf(idsBelow(5, [10]), frozen), "linear");
  const known = embedding(table, idsBelow(5, [10]));
  assertEquals(noGrad(() => linear(known, weight)).node, undefined);
});

const layers = {
  RNN: (batchFirst: boolean) => new nn.RNN(7, 6, { batchFirst, bidirectional: true }),
  LSTM: (batchFirst: boolean) => new nn.LSTM(7, 6, { batchFirst, numLayers: 2 }),
  GRU: (batchFirst: boolean) => new nn.GRU(7, 6, { batchFirst, bias: false }),
};

for (const [name, make] of Object.entries(layers)) {
  test(`lookups: ${name} reads the rows of a small table in both orders`, () => {
    using _ = scope();
    manualSeed(3);
    const table = leaf(5, 7);
    for (const batchFirst of [false, true]) {
      using layer = make(batchFirst);
      const leaves = [table, ...[...layer.parameters()].map((parameter) => parameter.tensor)];
      const ids = idsBelow(5, [4, 8]);
      assertSameEitherWay(leaves, () => embedding(table, ids), (x) => layer.forward(x).output);
    }
  });
}
