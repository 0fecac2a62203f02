import { test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import { full, tensor, zeros } from "../../lib/core/creation.ts";
import { Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import * as nn from "../../lib/nn/mod.ts";
import { add } from "../../lib/ops/elementwise.ts";
import { concat } from "../../lib/ops/joining.ts";
import { lstm } from "../../lib/ops/recurrent.ts";
import { sum } from "../../lib/ops/reduction.ts";

const random = new Random(5);

function uniform(...shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return tensor(Float32Array.from({ length: count }, () => random.uniform(-0.9, 0.9)), { shape });
}

test("recurrent: a sequence in pieces is the sequence", () => {
  using _ = scope();
  using layers = new nn.LSTM(3, 6, { numLayers: 2 });
  const x = uniform(7, 2, 3);
  const whole = layers.forward(x);
  const first = layers.forward(x.slice(0, 0, 4));
  const second = layers.forward(x.slice(0, 4, 7), first);
  const [joined, expected] = [concat([first.output, second.output]), whole.output].map((result) =>
    result.contiguous().read()
  );
  assert(joined.every((value, i) => Math.abs(value - expected[i]) < 1e-6));
});

test("recurrent: what flows back depends on which results were used", () => {
  using _ = scope();
  using layer = new nn.LSTM(2, 3);
  const x = uniform(4, 1, 2);
  x.requiresGrad = true;
  const gradientOf = (use: (result: nn.LSTMOutput) => Tensor) => {
    x.grad = undefined;
    backward(sum(use(layer.forward(x))));
    return x.grad!.read();
  };
  const output = gradientOf((result) => result.output);
  const hidden = gradientOf((result) => result.hidden);
  const cell = gradientOf((result) => result.cell);
  const all = gradientOf(({ output, hidden, cell }) =>
    add(sum(output), add(sum(hidden), sum(cell)))
  );
  for (const [i, value] of all.entries()) {
    assert(Math.abs(value - (output[i] + hidden[i] + cell[i])) < 1e-5);
  }
  // The final state is the last output.
  assertEquals(hidden, gradientOf(({ output }) => output.slice(0, 3, 4)));
});

test("recurrent: a tape that is kept gives the same gradients again", () => {
  using _ = scope();
  using layer = new nn.GRU(2, 3);
  const x = uniform(4, 2, 2);
  x.requiresGrad = true;
  const loss = sum(layer.forward(x).output);
  backward(loss, { retainGraph: true });
  const once = x.grad!.read();
  backward(loss);
  assertEquals(x.grad!.read(), once.map((value) => 2 * value));
  assertThrows(() => backward(loss), QorusError, "has been used already");
});

test("recurrent: names and initial values are PyTorch's", () => {
  using layer = new nn.GRU(4, 25, { numLayers: 2, bidirectional: true });
  const shapes = new Map([...layer.namedParameters()].map(([name, { shape }]) => [name, shape]));
  assertEquals(shapes.size, 16);
  assertEquals(shapes.get("weight_ih_l0"), [75, 4]);
  assertEquals(shapes.get("weight_hh_l0_reverse"), [75, 25]);
  assertEquals(shapes.get("weight_ih_l1"), [75, 50]);
  assertEquals(shapes.get("bias_hh_l1_reverse"), [75]);
  for (const [, parameter] of layer.namedParameters()) {
    const values = parameter.tensor.read() as Float32Array;
    assert(values.every((value) => Math.abs(value) <= 0.2));
    assert(Math.max(...values) > 0.17 && Math.min(...values) < -0.17);
  }
});

test("recurrent: dropout between layers, while training only", () => {
  using _ = scope();
  using layers = new nn.GRU(3, 8, { numLayers: 2, dropout: 0.5 });
  const x = uniform(5, 2, 3);
  const numbers = () => Object.values(layers.forward(x)).map((result) => result.read());
  layers.eval();
  const [output, [first]] = [numbers(), numbers()];
  assertEquals(first, output[0]);
  layers.train();
  const [trained, hidden] = numbers();
  assertNotEquals(trained, output[0]);
  // The first layer's own states are before the dropout.
  assertEquals(hidden.subarray(0, 16), output[1].subarray(0, 16));
  assertThrows(() => new nn.RNN(2, 3, { dropout: 1.5 }), QorusError, "dropout: 1.5");
});

test("recurrent: what does not fit is refused", () => {
  using _ = scope();
  using layer = new nn.LSTM(3, 5);
  const fails = (run: () => unknown, part: string) => assertThrows(run, QorusError, part).code;
  assertEquals(
    fails(() => layer.forward(zeros([2])), "expected [steps, batch, inputs]"),
    "invalid_shape",
  );
  assertEquals(fails(() => layer.forward(zeros([0, 2, 3])), "at least one step"), "invalid_shape");
  assertEquals(fails(() => layer.forward(zeros([2, 2, 4])), "inner sizes differ"), "invalid_shape");
  const state = (shape: number[]) => () =>
    layer.forward(zeros([2, 4, 3]), { hidden: zeros(shape) });
  assertEquals(fails(state([2, 4, 5]), "hidden is [2, 4, 5]"), "invalid_shape");
  assertEquals(fails(state([1, 3, 5]), "hidden is [3, 5], expected [4, 5]"), "invalid_shape");
  const weights = { weightIh: full([8, 3], 1), weightHh: full([9, 2], 1) };
  assertEquals(
    fails(() => lstm(zeros([2, 2, 3]), weights), "expected [4 * hidden, inputs]"),
    "invalid_shape",
  );
  assertEquals(fails(() => new nn.RNN(2, 3, { numLayers: 0 }), "numLayers"), "invalid_argument");
});
