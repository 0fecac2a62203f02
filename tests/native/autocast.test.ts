import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { autocast } from "../../lib/autograd/autocast.ts";
import { customOp } from "../../lib/autograd/custom_op.ts";
import { configure, libraryInfo } from "../../lib/core/context.ts";
import { tensor, zeros } from "../../lib/core/creation.ts";
import { activePrecision, type Precision } from "../../lib/core/precision.ts";
import { Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import { sigmoid, tanh } from "../../lib/ops/activation.ts";
import { to } from "../../lib/ops/convert.ts";
import { conv1d, conv2d, convTranspose2d } from "../../lib/ops/convolution.ts";
import { add, mul } from "../../lib/ops/elementwise.ts";
import { stack } from "../../lib/ops/joining.ts";
import { linear, matmul } from "../../lib/ops/matmul.ts";
import { gru, lstm } from "../../lib/ops/recurrent.ts";
import { sum } from "../../lib/ops/reduction.ts";
import { scaledDotProductAttention } from "../../lib/ops/scaled_attention.ts";
import * as nn from "../../lib/nn/mod.ts";
import { assertClose } from "../support/close.ts";

/** Numbers that bf16 does not have, the same for the same seed. */
function random(seed: number, shape: readonly number[]): Tensor {
  const generator = new Random(seed);
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, () => generator.uniform(-1, 1));
  const made = tensor(values, { shape });
  made.requiresGrad = true;
  return made;
}

/** The nearest bf16 numbers, by the conversion of dtypes. */
function rounded(x: Tensor): Tensor {
  const made = to(to(x, "bf16"), "f32");
  made.requiresGrad = x.requiresGrad;
  return made;
}

/** The output, then the gradients of all inputs, given a gradient of the output. */
function results(
  compute: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  gradientOf: (output: Tensor) => Tensor,
): Float32Array[] {
  for (const input of inputs) input.grad = undefined;
  const output = compute(...inputs);
  output.backward({ gradient: gradientOf(output) });
  const all = [output, ...inputs.map(({ grad }) => grad!)];
  return all.map((made) => made.contiguous().read() as Float32Array);
}

const gradientLike = (output: Tensor) => random(99, output.shape);

/**
 * An operation that is a product of its first two inputs, and what else it has only added: its
 * result and gradients are those of operands and output gradients that were rounded before.
 */
function productInBf16(
  name: string,
  compute: (...inputs: Tensor[]) => Tensor,
  ...shapes: readonly (readonly number[])[]
): void {
  test(`autocast: ${name} and its gradients round their operands`, () => {
    using _ = scope();
    const inputs = shapes.map((shape, i) => random(i + 1, shape));
    const given = results(
      (...all) => autocast("bf16", () => compute(...all)),
      inputs,
      gradientLike,
    );
    const roundedInputs = inputs.map((input, i) => i < 2 ? rounded(input) : input);
    const expected = results(compute, roundedInputs, (output) => rounded(gradientLike(output)));
    const exact = results(compute, inputs, gradientLike);
    // What is added, a bias, has a gradient that is a sum, not a product.
    for (const i of [0, 1, 2]) {
      assertClose(given[i], expected[i], { absolute: 1e-4 });
      assert(given[i].some((value, at) => Math.abs(value - exact[i][at]) > 1e-4));
    }
    for (const i of given.keys().drop(3)) assertClose(given[i], exact[i]);
  });
}

productInBf16("linear", (x, w, b) => linear(x, w, b), [33, 70], [20, 70], [20]);
productInBf16("linear of one row", (x, w) => linear(x, w), [1, 300], [40, 300]);
productInBf16("matmul", (a, b) => matmul(a, b), [65, 130], [130, 47]);
productInBf16("matmul of batches", (a, b) => matmul(a, b), [3, 5, 9], [3, 9, 12]);
productInBf16("matmul of a shared matrix", (a, b) => matmul(a, b), [3, 5, 9], [9, 12]);
productInBf16(
  "conv2d",
  (x, w, b) => conv2d(x, w, b, { padding: 1 }),
  [3, 8, 9, 9],
  [16, 8, 3, 3],
  [16],
);
productInBf16(
  "conv2d with stride and groups",
  (x, w) => conv2d(x, w, undefined, { stride: 2, groups: 2 }),
  [2, 4, 9, 8],
  [6, 2, 3, 2],
);
productInBf16("conv1d", (x, w) => conv1d(x, w, undefined), [2, 5, 30], [7, 5, 4]);
productInBf16(
  "convTranspose2d",
  (x, w) => convTranspose2d(x, w, undefined, { stride: 2 }),
  [2, 4, 5, 5],
  [4, 6, 3, 3],
);

/** One layer of long short-term memory out of other operations. */
function composedLstm(x: Tensor, weightIh: Tensor, weightHh: Tensor): Tensor {
  const [steps, batch] = x.shape;
  const hidden = weightHh.shape[1];
  let [state, cell] = [zeros([batch, hidden]), zeros([batch, hidden])];
  const outputs: Tensor[] = [];
  for (let t = 0; t < steps; t++) {
    const input = x.slice(0, t, t + 1).view([batch, x.shape[2]]);
    const sums = add(linear(input, weightIh), linear(state, weightHh));
    const gate = (i: number) => sums.slice(1, i * hidden, (i + 1) * hidden);
    cell = add(mul(sigmoid(gate(1)), cell), mul(sigmoid(gate(0)), tanh(gate(2))));
    state = mul(sigmoid(gate(3)), tanh(cell));
    outputs.push(state);
  }
  return stack(outputs, 0);
}

test("autocast: lstm rounds as its products do one by one", () => {
  using _ = scope();
  for (const batch of [2, 33]) {
    const inputs = [[4, batch, 24], [4 * 40, 24], [4 * 40, 40]].map((shape, i) => random(i, shape));
    const whole = (x: Tensor, weightIh: Tensor, weightHh: Tensor) =>
      lstm(x, { weightIh, weightHh }).output;
    const inBf16 = (compute: typeof whole) =>
      results((x, w, u) => autocast("bf16", () => compute(x, w, u)), inputs, gradientLike);
    const [given, expected] = [inBf16(whole), inBf16(composedLstm)];
    const exact = results(whole, inputs, gradientLike);
    for (const i of given.keys()) {
      // A sum that ends on the other side of a boundary of bf16 moves by 2^-9 of itself.
      const scale = Math.max(...exact[i].map(Math.abs));
      assertClose(given[i], expected[i], { absolute: 2e-3 * scale, relative: 2e-3 });
      assert(given[i].some((value, at) => Math.abs(value - exact[i][at]) > 2e-3 * scale));
    }
  }
});

test("autocast: attention stays as it is, its layer's projections do not", () => {
  using _ = scope();
  const [query, key, value] = [1, 2, 3].map((seed) => random(seed, [2, 3, 20, 16]));
  const attend = () => scaledDotProductAttention(query, key, value, { causal: true });
  const inputs = [query, key, value];
  const given = results(() => autocast("bf16", attend), inputs, gradientLike);
  assertEquals(given, results(attend, inputs, gradientLike));

  using layer = new nn.MultiHeadAttention(16, 4);
  const x = random(7, [2, 5, 16]);
  const forward = () => layer.forward(x);
  const inBf16 = results(() => autocast("bf16", forward), [x], gradientLike);
  const exact = results(forward, [x], gradientLike);
  for (const i of [0, 1]) {
    assert(inBf16[i].some((value, at) => value !== exact[i][at]));
    assertClose(inBf16[i], exact[i], { absolute: 0.03, relative: 0.03 });
  }
});

test("autocast: convolutions by Winograd's filtering stay as they are", () => {
  using _ = scope();
  const inputs = [random(1, [4, 32, 16, 16]), random(2, [48, 32, 3, 3])];
  const convolve = (x: Tensor, w: Tensor) => conv2d(x, w, undefined, { padding: 1 });
  const inBf16 = (x: Tensor, w: Tensor) => autocast("bf16", () => convolve(x, w));
  assertEquals(results(inBf16, inputs, gradientLike), results(convolve, inputs, gradientLike));
});

test("autocast: the same bits for 1, 2 and 3 threads", () => {
  const { threads } = libraryInfo();
  const compute = (): Float32Array[] => {
    using _ = scope();
    const [x, w] = [random(1, [100, 300]), random(2, [200, 300])];
    const weights = { weightIh: random(3, [3 * 90, 50]), weightHh: random(4, [3 * 90, 90]) };
    return [
      ...results(() => autocast("bf16", () => linear(x, w)), [x, w], gradientLike),
      ...results(
        (x, w) => autocast("bf16", () => conv2d(x, w, undefined, { padding: 1 })),
        [random(5, [3, 20, 13, 14]), random(6, [30, 20, 3, 3])],
        gradientLike,
      ),
      ...results(
        (x) => autocast("bf16", () => gru(x, weights).output),
        [random(8, [5, 40, 50])],
        gradientLike,
      ),
    ];
  };
  try {
    const [one, two, three] = [1, 2, 3].map((count) => {
      configure({ threads: count });
      return compute();
    });
    assertEquals(two, one);
    assertEquals(three, one);
  } finally {
    configure({ threads });
  }
});

/** 1 + 2^-10 is 1 in bf16. */
const fine = 1 + 2 ** -10;

/** Whether products are exact. */
function isExact(): boolean {
  using _ = scope();
  return matmul(tensor([[fine]]), tensor([[1]])).item() === fine;
}

test("autocast: nested, and back after it", () => {
  assert(isExact());
  const seen: Precision[] = [];
  const result = autocast("bf16", () => {
    seen.push(activePrecision());
    assert(!isExact());
    autocast("f32", () => {
      seen.push(activePrecision());
      assert(isExact());
      autocast("bf16", () => assert(!isExact()));
      assert(isExact());
    });
    assert(!isExact());
    return 7;
  });
  assertEquals([result, seen], [7, ["bf16", "f32"]]);
  assert(isExact());
});

test("autocast: back after an exception", () => {
  const failure = new Error("of the function");
  const given = assertThrows(() =>
    autocast("bf16", () => {
      autocast("f32", () => {});
      throw failure;
    })
  );
  assert(given === failure);
  assert(isExact());
});

test("autocast: what is asynchronous or no precision is refused", async () => {
  let isOver = false;
  const wait = async (): Promise<void> => {
    await Promise.resolve();
    isOver = true;
    throw new Error("that nobody waits for");
  };
  const error = assertThrows(() => autocast("bf16", wait), QorusError, "returned a promise");
  assertEquals(error.code, "invalid_argument");
  assert(isExact());
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert(isOver);

  const unknown = "f16" as Precision;
  assertThrows(() => autocast(unknown, () => 0), QorusError, "expected one of f32, bf16");
  for (const precision of [undefined, 1, "toString"]) {
    assertThrows(() => autocast(precision as Precision, () => 0), QorusError, "expected one of");
  }
});

/** `x` times 1, noting in which precision each pass is computed. */
function noting(seen: Record<string, string>, name: string): (x: Tensor) => Tensor {
  return customOp({
    name,
    forward: (x) => {
      seen[`${name} forward`] = activePrecision();
      return mul(x, 1);
    },
    backward: (gradient) => {
      seen[`${name} backward`] = activePrecision();
      return [gradient];
    },
  });
}

test("backward: in the precision of the forward pass, wherever it is called", () => {
  for (const outer of ["f32", "bf16"] as const) {
    using _ = scope();
    const seen: Record<string, string> = {};
    const x = random(1, [3]);
    const first = autocast("bf16", () => noting(seen, "first")(x));
    const second = autocast("f32", () => noting(seen, "second")(first));
    const third = autocast("bf16", () => noting(seen, "third")(second));
    autocast(outer, () => {
      sum(third).backward();
      assertEquals(activePrecision(), outer);
    });
    assertEquals(seen, {
      "first forward": "bf16",
      "second forward": "f32",
      "third forward": "bf16",
      "first backward": "bf16",
      "second backward": "f32",
      "third backward": "bf16",
    });
  }
});

test("backward: the precision is back after an exception", () => {
  using _ = scope();
  const fails = customOp({
    forward: (x) => mul(x, 1),
    backward: () => {
      assert(!isExact());
      throw new Error("on the way back");
    },
  });
  const result = autocast("bf16", () => sum(fails(random(1, [3]))));
  assertThrows(() => result.backward(), Error, "on the way back");
  assert(isExact());
});

test("autocast: NaN and infinity go through", () => {
  using _ = scope();
  const special = [[NaN, 1], [Infinity, 1], [-Infinity, 1], [3.4e38, 1]];
  const result = autocast("bf16", () => matmul(tensor(special), tensor([[1], [0]])));
  // The largest f32 numbers are beyond the largest of bf16.
  assertEquals([...result.read()], [NaN, Infinity, -Infinity, Infinity]);
});
