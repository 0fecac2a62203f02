import { test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { counters } from "../../lib/core/context.ts";
import { full, tensor, zeros } from "../../lib/core/creation.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import * as nn from "../../lib/nn/mod.ts";
import { ropeTable } from "../../lib/ops/attention.ts";
import { assertClose } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";

const golden = new GoldenFile("layers");
const hiddenSize = 24;

/** PyTorch's state dict of a case. */
function stateOf(name: string): Map<string, Tensor> {
  const names = golden.names(`${name}/state/`);
  return new Map(names.map((key) => [key, golden.tensor(`${name}/state/${key}`)]));
}

interface LayerRow {
  name: string;
  make: () => nn.Module & { forward(x: Tensor): Tensor };
}

const layers: LayerRow[] = [
  { name: "linear", make: () => new nn.Linear(13, 9) },
  { name: "linear_without_bias", make: () => new nn.Linear(13, 9, { bias: false }) },
  { name: "layer_norm", make: () => new nn.LayerNorm(11) },
  { name: "layer_norm_without_bias", make: () => new nn.LayerNorm(11, { bias: false }) },
  { name: "rms_norm", make: () => new nn.RMSNorm(11) },
  { name: "embedding", make: () => new nn.Embedding(7, 5) },
  { name: "feed_forward", make: () => new nn.FeedForward(hiddenSize, 40) },
];

for (const { name, make } of layers) {
  test(`golden: layer ${name}`, () => {
    using _ = scope();
    using layer = make();
    const state = stateOf(name);
    assertEquals([...layer.namedParameters()].map(([key]) => key).sort(), [...state.keys()].sort());
    layer.loadStateDict(state);
    const result = layer.forward(golden.tensor(`${name}/x`));
    const { shape, numbers } = golden.stored(`${name}/expected`);
    assertEquals(result.shape, [...shape]);
    assertClose(result.read(), numbers);
  });
}

function blockOptions(bias: boolean): nn.TransformerBlockOptions {
  return {
    hiddenSize,
    intermediateSize: 40,
    headCount: 4,
    keyValueHeadCount: 2,
    headSize: 6,
    ropeStyle: "half",
    bias,
    normEpsilon: 1e-5,
  };
}

for (const name of ["block", "block_with_bias"]) {
  test(`golden: decoder layer ${name} in pieces`, () => {
    using _ = scope();
    using block = new nn.TransformerBlock(blockOptions(name === "block_with_bias"));
    const state = stateOf(name);
    assertEquals([...block.stateDict().keys()].sort(), [...state.keys()].sort());
    block.loadStateDict(state);
    const frequencies = tensor([1, 10000 ** (-1 / 3), 10000 ** (-2 / 3)]);
    const cache = { keys: zeros([2, 16, 6]), values: zeros([2, 16, 6]) };
    const x = golden.tensor(`${name}/x`);
    const expected = golden.stored(`${name}/expected`).numbers;
    for (const [start, end] of [[0, 7], [7, 10], [10, 11]]) {
      const position = { start, ropeTable: ropeTable(frequencies, start, end - start) };
      const result = noGrad(() => block.forward(x.slice(0, start, end), position, cache));
      assertClose(result.read(), expected.subarray(start * hiddenSize, end * hiddenSize));
    }
  });
}

test("golden: no layer is forgotten", () => {
  const named = [...layers.map((row) => row.name), "block", "block_with_bias"];
  assertEquals([...golden.cases].sort(), named.sort());
});

test("layers: initial parameters are PyTorch's distributions and follow the seed", () => {
  manualSeed(7);
  using first = new nn.Linear(400, 30);
  const values = first.weight.tensor.read() as Float32Array;
  const bound = 1 / 20;
  assert(values.every((value) => Math.abs(value) <= bound));
  assert(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length) < bound / 20);
  assert(Math.max(...values) > 0.99 * bound && Math.min(...values) < -0.99 * bound);
  manualSeed(7);
  using second = new nn.Linear(400, 30);
  assertEquals(second.weight.tensor.read(), values);
  using third = new nn.Linear(400, 30);
  assertNotEquals(third.weight.tensor.read(), values);
  using norm = new nn.LayerNorm(3);
  assertEquals(norm.weight.tensor.toArray(), [1, 1, 1]);
  assertEquals(norm.bias?.tensor.toArray(), [0, 0, 0]);
});

test("layers: parameters take no memory until they are used", () => {
  const before = counters();
  using layer = new nn.Linear(1000, 1000);
  assertEquals(layer.weight.size, 1_000_000);
  assertEquals(layer.parameters().length, 2);
  assertEquals(counters().stateBytes, before.stateBytes);
});

test("loadStateDict: missing, unknown and wrongly shaped tensors are named", () => {
  using _ = scope();
  using layer = new nn.FeedForward(4, 6);
  const whole = new Map([
    ["gate_proj.weight", zeros([6, 4])],
    ["up_proj.weight", zeros([6, 4])],
    ["down_proj.weight", zeros([4, 6])],
  ]);
  const less = new Map(whole);
  less.delete("up_proj.weight");
  const more = new Map(whole).set("up_proj.bias", zeros([6]));
  const turned = new Map(whole).set("down_proj.weight", zeros([6, 4]));
  const fails = (state: Map<string, Tensor>, part: string) =>
    assertThrows(() => layer.loadStateDict(state), QorusError, part).code;
  assertEquals(fails(less, "missing: up_proj.weight; not known"), "invalid_argument");
  assertEquals(fails(more, "not known to this module: up_proj.bias"), "invalid_argument");
  assertEquals(
    fails(turned, "down_proj.weight: a tensor of [6,4] was given for one of [4,6]"),
    "invalid_shape",
  );
});

test("loadStateDict: a refused state leaves the module as it was", () => {
  using _ = scope();
  using layer = new nn.LayerNorm(3);
  layer.loadStateDict(new Map([["weight", full([3], 5)], ["bias", full([3], 6)]]));
  const wrong = new Map([["weight", full([3], 1)], ["bias", full([4], 1)]]);
  assertThrows(() => layer.loadStateDict(wrong), QorusError, "[4]");
  assertEquals(layer.weight.tensor.toArray(), [5, 5, 5]);
});
