import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ones, tensor, zeros } from "../../../lib/core/creation.ts";
import { manualSeed } from "../../../lib/core/random.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError } from "../../../lib/native/error.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { sum } from "../../../lib/ops/reduction.ts";
import { assertClose } from "../../support/close.ts";

test("Sequential: layers are numbered, run in order, and learn", () => {
  using _ = scope();
  using model = new nn.Sequential(
    new nn.Linear(2, 3, { bias: false }),
    new nn.ReLU(),
    new nn.Sequential(new nn.Linear(3, 1)),
  );
  assertEquals([...model.stateDict().keys()], ["0.weight", "2.0.weight", "2.0.bias"]);
  assertEquals([model.length, [...model].length], [3, 3]);
  assert(model.at(-1) instanceof nn.Sequential && model.at(5) === undefined);
  model.loadStateDict(
    new Map([
      ["0.weight", tensor([[1, 0], [0, 1], [-1, -1]])],
      ["2.0.weight", tensor([[1, 2, 3]])],
      ["2.0.bias", tensor([0.5])],
    ]),
  );
  const result = model.forward(tensor([[2, -1], [-3, 1]]));
  assertEquals(result.toArray(), [[2.5], [8.5]]);
  sum(result).backward();
  assertEquals(model.parameters()[0].grad?.toArray(), [[2, -1], [-6, 2], [-9, 3]]);
  model.eval();
  assert([...model].every(({ training }) => !training));
  const wrong = 3 as unknown as nn.TensorModule;
  assertThrows(() => new nn.Sequential(wrong), QorusError, "layer 0 is no module");
});

test("ModuleList: grows, is numbered in the state dict, and computes nothing itself", () => {
  class Tower extends nn.Module {
    readonly floors = new nn.ModuleList([new nn.Linear(2, 2, { bias: false })]);
    forward(x: Tensor): Tensor {
      return [...this.floors].reduce((given, floor) => floor.forward(given), x);
    }
  }
  using _ = scope();
  using model = new Tower();
  assertEquals(model.floors.push(new nn.Linear(2, 5, { bias: false })), 2);
  assertEquals([...model.stateDict().keys()], ["floors.0.weight", "floors.1.weight"]);
  assertEquals(model.forward(ones([3, 2])).shape, [3, 5]);
  assertEquals(model.floors.at(-1)?.weight.shape, [5, 2]);
  assertThrows(() => model.floors.forward(ones([1])), QorusError, "call its modules");
});

test("Flatten, Residual: shapes and sums", () => {
  using _ = scope();
  const x = zeros([2, 3, 4, 5]);
  assertEquals(new nn.Flatten().forward(x).shape, [2, 60]);
  assertEquals(new nn.Flatten({ startDim: 0, endDim: -2 }).forward(x).shape, [24, 5]);
  assertEquals(new nn.Flatten({ startDim: 2, endDim: 2 }).forward(x).shape, [2, 3, 4, 5]);
  assertEquals(new nn.Flatten().forward(x.transpose(1, 2)).shape, [2, 60]);
  assertThrows(() => new nn.Flatten({ startDim: 4 }).forward(x), QorusError, "Flatten");
  using block = new nn.Residual(new nn.ReLU());
  assertEquals(block.forward(tensor([1, -2])).toArray(), [2, -2]);
});

test("activations as layers are the functions", () => {
  using _ = scope();
  const x = tensor([-2, 0, 3]);
  const logistic = (value: number) => 1 / (1 + Math.exp(-value));
  const expected: [nn.Module, (value: number) => number][] = [
    [new nn.ReLU(), (value) => Math.max(value, 0)],
    [new nn.LeakyReLU(0.25), (value) => value > 0 ? value : value / 4],
    [new nn.SiLU(), (value) => value * logistic(value)],
    [new nn.Sigmoid(), logistic],
    [new nn.Tanh(), Math.tanh],
    [
      new nn.GELU({ approximate: "tanh" }),
      (value) => value * logistic(2 * Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)),
    ],
  ];
  for (const [layer, value] of expected) {
    assertClose(layer.forward(x).read(), [-2, 0, 3].map(value));
  }
  assertClose(new nn.GELU().forward(x).read(), [-0.0455003, 0, 2.9959502]);
});

test("Dropout: only while training, and following the seed", () => {
  using _ = scope();
  const layer = new nn.Dropout(0.25);
  const x = ones([1000]);
  manualSeed(4);
  const values = layer.forward(x).read() as Float32Array;
  const dropped = values.filter((value) => value === 0).length;
  assert(dropped > 180 && dropped < 320, `${dropped} of 1000`);
  assert(values.every((value) => value === 0 || Math.abs(value - 4 / 3) < 1e-6));
  manualSeed(4);
  assertEquals(layer.forward(x).read(), values);
  layer.eval();
  assertEquals(layer.forward(x).read(), x.read());
});
