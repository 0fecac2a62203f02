import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { counters } from "../../../lib/core/context.ts";
import { zeros } from "../../../lib/core/creation.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError } from "../../../lib/native/error.ts";
import * as nn from "../../../lib/nn/mod.ts";

class Pair extends nn.Module {
  readonly first = new nn.Linear(30, 40);
  readonly second = new nn.Linear(40, 5, { bias: false });
  readonly count = new nn.Buffer([3], () => zeros([3]));

  forward(x: Tensor): Tensor {
    return this.second.forward(this.first.forward(x));
  }
}

test("summary: layers with shapes of their parameters, and no memory taken", () => {
  using model = new Pair();
  model.second.weight.requiresGrad = false;
  const before = counters().stateBytes;
  assertEquals(model.summary().split("\n"), [
    "layer     kind    shapes         parameters  bytes",
    "Pair              [3]                 1,440  5,772",
    "  first   Linear  [40, 30] [40]       1,240  4,960",
    "  second  Linear  [5, 40]               200    800",
    "1,440 parameters, 1,240 of them learned, 5,772 bytes",
  ]);
  assertEquals(counters().stateBytes, before);
});

test("summary: with an input, shapes of outputs; the model stays as it was", () => {
  using _ = scope();
  using model = new Pair();
  model.first.eval();
  const before = counters().scratchTensorCount;
  const lines = model.summary(zeros([7, 30])).split("\n");
  assertEquals(lines.slice(1, 4).map((line) => line.match(/\[.*\]/)?.[0]), [
    "[7, 5]",
    "[7, 40]",
    "[7, 5]",
  ]);
  assertEquals(counters().scratchTensorCount, before + 1);
  assertEquals([model, model.first, model.second].map(({ training }) => training), [
    true,
    false,
    true,
  ]);
  assertThrows(() => model.summary(zeros([7, 31])), QorusError, "linear");
  assert(!Object.hasOwn(model, "forward") && !Object.hasOwn(model.first, "forward"));
  assert(model.training);
});

test("modules: a parameter that two layers share is learned once, kept under both names", () => {
  class Tied extends nn.Module {
    readonly first = new nn.Linear(3, 3, { bias: false });
    readonly second = this.first;
    forward(x: Tensor): Tensor {
      return this.second.forward(this.first.forward(x));
    }
  }
  using model = new Tied();
  assertEquals(model.parameters().length, 1);
  assertEquals([...model.stateDict().keys()], ["first.weight", "second.weight"]);
  assert(model.summary().includes("\n9 parameters, 9 of them learned, 36 bytes"));
});
