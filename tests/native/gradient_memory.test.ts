import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import "../../lib/autograd/backward.ts";
import { customOp } from "../../lib/autograd/custom_op.ts";
import { context, counters } from "../../lib/core/context.ts";
import { empty, full, tensor } from "../../lib/core/creation.ts";
import { Random } from "../../lib/core/random.ts";
import { Scope, scope } from "../../lib/core/scope.ts";
import { StateArena } from "../../lib/core/state.ts";
import { moveTo, type Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import { add, mul } from "../../lib/ops/elementwise.ts";
import { concat, split } from "../../lib/ops/joining.ts";
import { matmul } from "../../lib/ops/matmul.ts";
import { lstm } from "../../lib/ops/recurrent.ts";
import { sum } from "../../lib/ops/reduction.ts";
import { tanh } from "../../lib/ops/activation.ts";
import { assertClose } from "../support/close.ts";

const mebibyte = 2 ** 20;

/** Tensors of 4 MiB. */
const size = [1024, 1024];

function leaf(value: number): Tensor {
  const made = full(size, value);
  made.requiresGrad = true;
  return made;
}

test("backward: gradients that nobody needs any more are given back", () => {
  using _ = scope();
  const x = leaf(1);
  let most = 0;
  const scale = customOp({
    forward: (x) => mul(x, 1.01),
    backward: (gradient) => {
      most = Math.max(most, counters().scratchBytes);
      return [mul(gradient, 1.01)];
    },
  });
  let y = x;
  // 240 MiB of gradients.
  for (let i = 0; i < 60; i++) y = scale(y);
  const before = counters();
  y.backward({ gradient: full(size, 1) });
  const used = most - before.scratchBytes;
  assert(used > 50 * mebibyte && used < 90 * mebibyte, `${used / mebibyte} MiB`);
  assertClose([x.grad!.read()[0]], [1.01 ** 60]);
  // The pass leaves nothing but the leaf's gradient and the one that it was given.
  const { scratchBytes, scratchTensorCount } = counters();
  assertEquals(scratchBytes - before.scratchBytes, 8 * mebibyte);
  assertEquals(scratchTensorCount - before.scratchTensorCount, 2);
});

test("backward: what waits in views, shared or elsewhere is moved as it is", () => {
  using _ = scope();
  using arena = new StateArena(16 * mebibyte);
  const [a, b] = [leaf(1), leaf(2)];
  const random = new Random(1);
  const weights = tensor(
    Float32Array.from({ length: 2 ** 20 }, () => random.uniform(-1, 1)),
    { shape: size },
  );
  // A transposed view and a view of a given gradient wait while a long chain is gone through.
  const waiting = mul(a, weights);
  let chain = b;
  for (let i = 0; i < 60; i++) chain = mul(chain, i % 2 === 0 ? 2 : 0.5);
  const [upper, lower] = split(chain, 512, 0);
  const result = add(waiting.transpose(0, 1), concat([lower, upper], 0));
  const given = arena.empty(size).write(weights.read());
  result.backward({ gradient: given });
  const expected = mul(given.transpose(0, 1), weights);
  assertEquals([...a.grad!.read().slice(0, 3000)], [...expected.read().slice(0, 3000)]);
  const [top, bottom] = split(given, 512, 0);
  assertEquals(b.grad!.read(), concat([bottom, top], 0).read());
});

test("backward: gradients of several outputs wait for each other", () => {
  using _ = scope();
  const random = new Random(3);
  const make = (...shape: number[]): Tensor => {
    const count = shape.reduce((product, length) => product * length, 1);
    const values = Float32Array.from({ length: count }, () => random.uniform(-0.3, 0.3));
    const made = tensor(values, { shape });
    made.requiresGrad = true;
    return made;
  };
  const [x, weightIh, weightHh] = [make(3, 4, 5), make(24, 5), make(24, 6)];
  const big = leaf(0.5);
  const run = (steps: number): Float32Array[] => {
    for (const input of [x, weightIh, weightHh, big]) input.grad = undefined;
    const { output, hidden } = lstm(x, { weightIh, weightHh });
    // The output's gradient is there before the long chain, the state's after it.
    let chain = add(big, sum(hidden));
    for (let i = 0; i < steps; i++) chain = mul(chain, i % 2 === 0 ? 4 : 0.25);
    add(mul(sum(chain), 1e-6), sum(tanh(output))).backward();
    return [x, weightIh, weightHh, big].map(({ grad }) => grad!.read() as Float32Array);
  };
  assertEquals(run(60), run(2));
});

test("backward: a tape that is kept gives the same again", () => {
  using _ = scope();
  const [a, b] = [leaf(0.25), leaf(-0.5)];
  let y = a;
  for (let i = 0; i < 20; i++) y = add(mul(y, 0.9), mul(b, y));
  const result = sum(y);
  result.backward({ retainGraph: true });
  const first = [a, b].map(({ grad }) => grad!.read());
  for (const input of [a, b]) input.grad = undefined;
  result.backward();
  assertEquals([a, b].map(({ grad }) => grad!.read()), first);
});

test("backward: an operation of one's own that keeps a gradient sees that it has ended", () => {
  using _ = scope();
  let kept: Tensor | undefined;
  const keeping = customOp({
    forward: (x) => mul(x, 1),
    backward: (gradient) => {
      kept ??= gradient;
      return [mul(gradient, 1)];
    },
  });
  const x = leaf(1);
  let y = x;
  for (let i = 0; i < 60; i++) y = keeping(y);
  sum(y).backward();
  assertThrows(() => kept!.read(), QorusError, "after its scope ended");
});

test("backward: a pass that fails leaves nothing behind, and the next one works", () => {
  using _ = scope();
  const failing = customOp({
    forward: (x) => mul(x, 1),
    backward: () => {
      throw new Error("on the way back");
    },
  });
  const x = leaf(1);
  const result = sum(mul(failing(x), 2));
  const before = counters().scratchBytes;
  assertThrows(() => result.backward(), Error, "on the way back");
  // Only the place of the leaf's gradient.
  assertEquals(counters().scratchBytes - before, 4 * mebibyte);
  const y = tensor([[2]]);
  y.requiresGrad = true;
  matmul(y, tensor([[3]])).backward();
  assertEquals(y.grad!.item(), 3);
});

/** What `q_scope_keep` returns for these handles. */
function keep(depth: number, handles: readonly number[]): number {
  context().parameters.set(handles);
  return context().native.q_scope_keep(depth, handles.length);
}

test("q_scope_keep: tensors move, others end", () => {
  using _ = scope();
  const outside = full([3], 7);
  using inner = new Scope();
  full([100], 1);
  const first = full([5], 2);
  full([1000], 3);
  const second = tensor([[1, 2], [3, 4]]);
  const ended = full([2], 4);
  const { data } = first;
  assertEquals(keep(inner.depth, [first.handle, second.handle]), 0);
  const [a, b] = context().parameters.slice(0, 2);
  context().detachEnded();
  assert(!first.isLive && !second.isLive && !ended.isLive);
  assertEquals([data.length, outside.toArray()], [0, [7, 7, 7]]);
  moveTo(first, a);
  moveTo(second, b);
  assertEquals([first.toArray(), second.toArray()], [[2, 2, 2, 2, 2], [[1, 2], [3, 4]]]);
  assertEquals(second.address - first.address, 64);
  assertEquals(full([2], 5).address - second.address, 64);
  assertEquals(keep(inner.depth, []), 0);
  assert(!first.isLive);
});

test("q_scope_keep: what cannot be kept is refused, and nothing is changed", () => {
  using _ = scope();
  const outside = full([3], 7);
  using inner = new Scope();
  const [a, b] = [full([40, 40], 1), full([40, 40], 2)];
  const foreign = outside.view([1, 3]);
  const refused: readonly (readonly [string, number, readonly number[]])[] = [
    ["no scope", 0, []],
    ["a scope that is not open", inner.depth + 1, []],
    ["no tensor", inner.depth, [0xffff_ffff]],
    ["wrong order", inner.depth, [b.handle, a.handle]],
    ["twice", inner.depth, [a.handle, a.handle]],
    ["shared memory", inner.depth, [a.handle, a.view([1600]).handle]],
    ["not contiguous", inner.depth, [a.transpose(0, 1).handle]],
    ["in the middle", inner.depth, [a.view([1600]).slice(0, 1, 40).handle]],
    ["of another scope", inner.depth, [outside.handle]],
    ["memory of another scope", inner.depth, [foreign.handle]],
    ["too many", inner.depth, Array.from({ length: 257 }, () => a.handle)],
  ];
  for (const [what, depth, handles] of refused) assert(keep(depth, handles) < 0, what);
  assertEquals([a.read()[1599], b.read()[1599], empty([0]).isLive], [1, 2, true]);
});
