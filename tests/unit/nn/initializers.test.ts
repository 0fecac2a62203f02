import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { empty } from "../../../lib/core/creation.ts";
import { manualSeed } from "../../../lib/core/random.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError } from "../../../lib/native/error.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { matmul } from "../../../lib/ops/matmul.ts";
import { assertClose } from "../../support/close.ts";

const { init } = nn;

function statistics(x: Tensor): { mean: number; deviation: number; largest: number } {
  const values = x.read() as Float32Array;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, deviation: Math.sqrt(square), largest };
}

/** Deviation that theory demands; [300, 20, 3, 5] has fan in 300, fan out 4500. */
const rules: [string, (x: Tensor) => Tensor, number, "uniform" | "normal"][] = [
  ["uniform", (x) => init.uniform(x, { low: -3, high: 3 }), Math.sqrt(3), "uniform"],
  ["normal", (x) => init.normal(x, { standardDeviation: 0.02 }), 0.02, "normal"],
  ["xavierUniform", (x) => init.xavierUniform(x), Math.sqrt(2 / 4800), "uniform"],
  ["xavierNormal", (x) => init.xavierNormal(x, { gain: 2 }), 2 * Math.sqrt(2 / 4800), "normal"],
  ["kaimingUniform", (x) => init.kaimingUniform(x), Math.sqrt(2 / 300), "uniform"],
  [
    "kaimingNormal",
    (x) => init.kaimingNormal(x, { mode: "fanOut", nonlinearity: "tanh" }),
    5 / 3 / Math.sqrt(4500),
    "normal",
  ],
];

for (const [name, run, deviation, distribution] of rules) {
  test(`init: ${name} has the deviation of its rule`, () => {
    using _ = scope();
    manualSeed(3);
    const x = empty([300, 20, 3, 5]);
    assert(run(x) === x);
    const found = statistics(x);
    assert(Math.abs(found.mean) < deviation / 50, `mean ${found.mean}`);
    assert(Math.abs(found.deviation / deviation - 1) < 0.02, `deviation ${found.deviation}`);
    const bound = deviation * Math.sqrt(3) * (1 + 1e-6);
    assertEquals(found.largest <= bound, distribution === "uniform");
  });
}

test("init: parameters are written over, shapes become tensors that last", () => {
  using _ = scope();
  using layer = new nn.Linear(4, 3);
  const { tensor } = layer.weight;
  assert(init.ones(layer.weight) === tensor && tensor.requiresGrad);
  assertEquals(layer.weight.tensor.read(), new Float32Array(12).fill(1));
  using made = init.zeros([2, 2]);
  assert(made.isLasting);
  assertEquals(init.constant(made, 5).toArray(), [[5, 5], [5, 5]]);
});

for (const shape of [[5, 12], [12, 5], [6, 2, 3]]) {
  test(`init: orthogonal of [${shape}]`, () => {
    using _ = scope();
    const x = init.orthogonal(empty(shape), { gain: 2 }).reshape([shape[0], -1]);
    const turned = x.transpose(0, 1).contiguous();
    const [rows, columns] = x.shape;
    const product = rows <= columns ? matmul(x, turned) : matmul(turned, x);
    const size = Math.min(rows, columns);
    const expected = Array.from({ length: size * size }, (_, i) => i % (size + 1) === 0 ? 4 : 0);
    assertClose(product.read(), expected);
  });
}

test("init: rules that need fans refuse vectors", () => {
  using _ = scope();
  const rules = [init.xavierUniform, init.xavierNormal, init.kaimingUniform, init.orthogonal];
  for (const rule of rules) {
    const error = assertThrows(() => rule(empty([5])), QorusError, "two dimensions or more, [5]");
    assertEquals(error.code, "invalid_shape");
  }
});
