import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import { QorusError } from "../../lib/native/error.ts";
import * as nn from "../../lib/nn/mod.ts";
import { GoldenFile } from "../support/golden.ts";
import { assertGoldenNetwork } from "../support/golden_network.ts";

const golden = new GoldenFile("image_layers");

const networks: Record<string, () => nn.Sequential> = {
  cnn: () =>
    new nn.Sequential(
      new nn.Conv2d(3, 8, 3, { padding: 1 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(8, 12, 3, { stride: 2, padding: 1, groups: 2, bias: false }),
      new nn.SiLU(),
      new nn.AvgPool2d(2, { stride: 1, padding: 1 }),
      new nn.AdaptiveAvgPool2d([2, 1]),
      new nn.Flatten(),
      new nn.Linear(24, 5),
    ),
  generator: () =>
    new nn.Sequential(
      new nn.ConvTranspose2d(6, 8, 3, { stride: 2, outputPadding: 1 }),
      new nn.LeakyReLU(0.2),
      new nn.ConvTranspose2d(8, 4, [2, 3], { groups: 2, bias: false }),
      new nn.Tanh(),
    ),
  sequence: () =>
    new nn.Sequential(
      new nn.Conv1d(4, 6, 5, { padding: 2, stride: 2 }),
      new nn.GELU(),
      new nn.Conv1d(6, 6, 3, { groups: 6 }),
      new nn.Sigmoid(),
    ),
};

for (const [name, make] of Object.entries(networks)) {
  test(`golden: network ${name}, with the gradients of all parameters`, () => {
    using _ = scope();
    using network = make();
    assertGoldenNetwork(golden, name, network);
  });
}

test("golden: no network is forgotten", () => {
  assertEquals([...golden.cases].sort(), Object.keys(networks).sort());
});

test("image layers: initial parameters lie in PyTorch's bounds and reach them", () => {
  manualSeed(5);
  const layers: [nn.Convolution<unknown>, number][] = [
    [new nn.Conv2d(16, 32, 3, { groups: 2 }), 8 * 9],
    [new nn.ConvTranspose2d(32, 16, [3, 5], { groups: 2 }), 8 * 15],
    [new nn.Conv1d(20, 40, 7), 20 * 7],
  ];
  for (const [layer, fanIn] of layers) {
    using _ = layer;
    const bound = 1 / Math.sqrt(fanIn);
    const weight = layer.weight.tensor.read() as Float32Array;
    assert(weight.every((value) => Math.abs(value) <= bound));
    assert(Math.max(...weight) > 0.99 * bound && Math.min(...weight) < -0.99 * bound);
    assert((layer.bias!.tensor.read() as Float32Array).every((value) => Math.abs(value) <= bound));
  }
});

test("image layers: channels that do not fall into the groups are refused", () => {
  const makes = [
    () => new nn.Conv2d(5, 6, 3, { groups: 2 }),
    () => new nn.Conv2d(6, 5, 3, { groups: 2 }),
    () => new nn.Conv1d(6, 4, 3, { groups: 4 }),
    () => new nn.ConvTranspose2d(6, 5, 3, { groups: 2 }),
  ];
  for (const make of makes) {
    assertEquals(assertThrows(make, QorusError, "groups").code, "invalid_argument");
  }
});
