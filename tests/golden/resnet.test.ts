import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { noGrad } from "../../lib/core/gradient.ts";
import { scope } from "../../lib/core/scope.ts";
import { ResNet, resnet18, resnet34 } from "../../lib/models/resnet.ts";
import { QorusError } from "../../lib/native/error.ts";
import { assertClose } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";
import { assertGoldenNetwork } from "../support/golden_network.ts";

const golden = new GoldenFile("resnet");

const networks: Record<string, () => ResNet> = {
  resnet18: () => resnet18({ numClasses: 7, width: 2 }),
  resnet34_small: () => resnet34({ numClasses: 5, inChannels: 1, width: 2, stem: "small" }),
};

for (const [name, make] of Object.entries(networks)) {
  test(`golden: ${name}, with the gradients of all parameters`, () => {
    using _ = scope();
    using network = make();
    const x = assertGoldenNetwork(golden, name, network);
    const state = network.stateDict();
    for (const key of golden.names(`${name}/seen/`)) {
      assertClose(state.get(key)!.read(), golden.stored(`${name}/seen/${key}`).numbers);
    }
    network.eval();
    const evaluated = noGrad(() => network.forward(x));
    assertClose(evaluated.read(), golden.stored(`${name}/expected_eval`).numbers);
  });
}

test("golden: no residual network is forgotten", () => {
  assertEquals([...golden.cases].sort(), Object.keys(networks).sort());
});

test("residual networks have torchvision's numbers of parameters", () => {
  const count = (network: ResNet) => network.parameters().reduce((sum, { size }) => sum + size, 0);
  assertEquals([count(resnet18()), count(resnet34())], [11_689_512, 21_797_672]);
});

test("initial kernels of residual networks vary as He et al. have it", () => {
  using network = resnet18({ width: 16 });
  const values = network.layer2.at(1)!.stateDict().get("conv1.weight")!.read() as Float32Array;
  const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
  const expected = 2 / (32 * 9);
  assert(Math.abs(variance - expected) < 0.05 * expected, `${variance}, expected ${expected}`);
});

test("residual networks refuse other than four stages", () => {
  for (const blocks of [[2, 2, 2], [2, 2, 2, 0], [2, 2, 2, 1.5]]) {
    assertEquals(assertThrows(() => new ResNet(blocks), QorusError).code, "invalid_argument");
  }
});
