import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { full, ones, zeros } from "../../../lib/core/creation.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import * as nn from "../../../lib/nn/mod.ts";

class Inner extends nn.Module {
  readonly weight = new nn.Parameter([2], () => ones([2]));
  readonly runningMean = new nn.Buffer([2], () => zeros([2]));

  forward(x: Tensor): Tensor {
    return x;
  }
}

class Outer extends nn.Module {
  readonly layers = [new Inner(), new Inner()];
  readonly head = new Inner();

  forward(x: Tensor): Tensor {
    return x;
  }
}

test("modules: buffers are in the state dict and no parameters", () => {
  using _ = scope();
  using module = new Outer();
  assertEquals([...module.stateDict().keys()], [
    "layers.0.weight",
    "layers.0.running_mean",
    "layers.1.weight",
    "layers.1.running_mean",
    "head.weight",
    "head.running_mean",
  ]);
  assertEquals(module.parameters().length, 3);
  assertEquals([...module.namedBuffers()].map(([name]) => name), [
    "layers.0.running_mean",
    "layers.1.running_mean",
    "head.running_mean",
  ]);
  assert(module.parameters().every(({ tensor }) => tensor.requiresGrad));
  assert([...module.namedBuffers()].every(([, { tensor }]) => !tensor.requiresGrad));
  const state = new Map(module.stateDict()).set("head.running_mean", full([2], 7));
  module.loadStateDict(state);
  assertEquals(module.head.runningMean.tensor.toArray(), [7, 7]);
});

test("modules: train and eval reach every module inside", () => {
  using module = new Outer();
  const modes = () => [module, ...module.layers, module.head].map(({ training }) => training);
  assertEquals(modes(), [true, true, true, true]);
  assertEquals(module.eval(), module);
  assertEquals(modes(), [false, false, false, false]);
  module.layers[1].train();
  assertEquals(modes(), [false, false, true, false]);
  assertEquals(module.train().layers[0].training, true);
});
