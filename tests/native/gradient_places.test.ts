import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import "../../lib/autograd/backward.ts";
import { customOp } from "../../lib/autograd/custom_op.ts";
import { counters } from "../../lib/core/context.ts";
import { full, tensor } from "../../lib/core/creation.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import { Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import { StateArena } from "../../lib/core/state.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { add, mul } from "../../lib/ops/elementwise.ts";
import { linear, matmul } from "../../lib/ops/matmul.ts";
import { lstm } from "../../lib/ops/recurrent.ts";
import { sum } from "../../lib/ops/reduction.ts";
import { assertClose } from "../support/close.ts";

const random = new Random(5);

function values(shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(Float32Array.from({ length: size }, () => random.normal()), { shape });
}

function leaf(...shape: number[]): Tensor {
  const made = values(shape);
  made.requiresGrad = true;
  return made;
}

/** An operation whose gradient is the given tensor itself, not a copy. */
function identity(x: Tensor): Tensor {
  return customOp({ forward: (x) => mul(x, 1), backward: (gradient) => [gradient] })(x);
}

function product(a: Tensor, b: Tensor): number[] {
  return [...noGrad(() => matmul(a, b)).read()];
}

function total(...parts: number[][]): number[] {
  return parts[0].map((_, i) => parts.reduce((sum, part) => sum + part[i], 0));
}

test("backward: products that meet in one input add to its gradient", () => {
  using _ = scope();
  const x = leaf(2, 3, 8);
  const hidden = mul(x, 2);
  const weights = [leaf(5, 8), leaf(6, 8), leaf(4, 8)];
  const gradients = weights.map(({ shape }) => values([2, 3, shape[0]]));
  const parts = weights.map((weight, i) => sum(mul(linear(hidden, weight), gradients[i])));
  add(add(parts[0], parts[1]), parts[2]).backward();
  const expected = weights.map((weight, i) => product(gradients[i], mul(weight, 2)));
  assertClose([...x.grad!.read()], total(...expected));
  for (const [i, weight] of weights.entries()) {
    const rows = gradients[i].view([6, -1]).transpose(0, 1);
    assertClose([...weight.grad!.read()], product(rows, hidden.view([6, 8])));
  }
});

test("backward: a weight that is used several times, and again, gets the sum", () => {
  using _ = scope();
  const [x, weight] = [values([3, 4]), leaf(4, 4)];
  const twice = () => sum(linear(linear(x, weight), weight)).backward();
  twice();
  const once = [...weight.grad!.read()];
  const place = weight.grad;
  twice();
  assertEquals(weight.grad, place);
  assertClose([...weight.grad!.read()], total(once, once));
  weight.zeroGrad();
  twice();
  assertEquals(weight.grad, place);
  assertEquals([...weight.grad!.read()], once);
  const expected = noGrad(() => {
    const ones = full([3, 4], 1);
    const inner = matmul(matmul(ones, weight).transpose(0, 1), x);
    return add(matmul(ones.transpose(0, 1), linear(x, weight)), inner).read();
  });
  assertClose(once, [...expected]);
});

test("backward: both operands of a product may be one tensor", () => {
  using _ = scope();
  const x = leaf(4, 4);
  linear(x, x).backward({ gradient: full([4, 4], 1) });
  const ones = full([4, 4], 1);
  assertClose([...x.grad!.read()], total(product(ones, x), product(ones, x)));
});

test("backward: gradients that others need are not added to", () => {
  using _ = scope();
  const [x, w, v] = [leaf(4, 4), values([4, 4]), values([4, 4])];
  const given = values([4, 4]);
  const before = [...given.read()];
  // The gradient of the sum waits for x while the same memory is that of the products.
  const hidden = mul(x, 1);
  const [first, second] = [identity(hidden), identity(linear(hidden, w))];
  add(add(first, second), linear(hidden, v)).backward({ gradient: given });
  assertEquals([...given.read()], before);
  assertClose([...x.grad!.read()], total(before, product(given, w), product(given, v)));
});

test("backward: the gradient of a weight may be what a pass begins with", () => {
  using _ = scope();
  const [x, weight] = [leaf(4, 4), leaf(4, 4)];
  weight.grad = values([4, 4]);
  const given = [...weight.grad.read()];
  linear(x, weight).backward({ gradient: weight.grad });
  const gradient = tensor(Float32Array.from(given), { shape: [4, 4] });
  assertClose([...x.grad!.read()], product(gradient, weight));
  assertClose([...weight.grad!.read()], total(given, product(gradient.transpose(0, 1), x)));
});

test("backward: recurrent weights get their gradients in place as well", () => {
  using _ = scope();
  const [x, weightIh, weightHh] = [values([5, 2, 3]), leaf(16, 3), leaf(16, 4)];
  const pass = () => sum(lstm(x, { weightIh, weightHh }).output).backward();
  pass();
  const once = [weightIh, weightHh].map(({ grad }) => [...grad!.read()]);
  pass();
  assertClose([...weightIh.grad!.read()], total(once[0], once[0]));
  assertClose([...weightHh.grad!.read()], total(once[1], once[1]));
});

test("backward: weight gradients take no memory besides their own", () => {
  using arena = new StateArena(2 ** 23);
  using _ = scope();
  const weight = arena.empty([512, 1024]).fill(1);
  weight.requiresGrad = true;
  let bytes = 0;
  const probe = customOp({
    forward: (x) => mul(x, 1),
    backward: (gradient) => {
      bytes = counters().scratchBytes - bytes;
      return [gradient];
    },
  });
  const x = leaf(8, 1024);
  const result = linear(probe(x), weight);
  bytes = counters().scratchBytes;
  result.backward({ gradient: full([8, 512], 1) });
  assert(bytes < weight.byteLength / 4, `${bytes} bytes`);
  assertClose(
    [...weight.grad!.read().subarray(0, 4)],
    [0, 1, 2, 3].map((column) => {
      return sum(x.slice(1, column, column + 1)).item();
    }),
  );
});
