import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import { configure, counters, libraryInfo } from "../../lib/core/context.ts";
import { full, tensor, zeros } from "../../lib/core/creation.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import { StateArena } from "../../lib/core/state.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import * as nn from "../../lib/nn/mod.ts";
import * as optim from "../../lib/optim/mod.ts";
import { mul } from "../../lib/ops/elementwise.ts";
import { crossEntropy, mseLoss } from "../../lib/ops/losses.ts";

function withGradient(values: number[], gradient: number[]): Tensor {
  const parameter = tensor(values);
  parameter.grad = tensor(gradient);
  return parameter;
}

test("optimizers: a network learns, and warm steps allocate nothing", () => {
  manualSeed(3);
  using layer = new nn.Linear(2, 2);
  using optimizer = new optim.AdamW(layer.namedParameters(), { lr: 0.05 });
  const step = () => {
    using _ = scope();
    const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
    const loss = crossEntropy(layer.forward(x), tensor(new Int32Array([0, 0, 1, 1])));
    optimizer.zeroGrad();
    backward(loss);
    optim.clipGradNorm(layer.parameters(), 1);
    optimizer.step();
    return loss.item();
  };
  const first = step();
  step();
  const before = counters();
  let last = first;
  for (let i = 0; i < 200; i++) last = step();
  const after = counters();
  assert(last < 0.1 && first > 0.3, `${first} -> ${last}`);
  assertEquals(after.allocationCount, before.allocationCount);
  assertEquals(after.stateBytes, before.stateBytes);
  assertEquals(after.scratchTensorCount, before.scratchTensorCount);
});

test("zeroGrad: the next gradient takes the memory of the last one", () => {
  using arena = new StateArena(1024);
  const x = arena.empty([2]).fill(3);
  x.requiresGrad = true;
  using optimizer = new optim.SGD([x], { lr: 0 });
  const pass = () => {
    using _ = scope();
    backward(mseLoss(x, zeros([2]), { reduction: "sum" }));
  };
  pass();
  const { grad } = x;
  pass();
  assertEquals(x.grad?.toArray(), [12, 12]);
  optimizer.zeroGrad();
  assertEquals(x.grad, undefined);
  optimizer.zeroGrad();
  pass();
  assertEquals(x.grad?.handle, grad?.handle);
  assertEquals(x.grad?.toArray(), [6, 6]);
});

test("optimizers: parameters without a gradient stay, shared ones are updated once", () => {
  using _ = scope();
  const used = withGradient([1, 2], [1, 1]);
  const unused = tensor([5, 6]);
  using optimizer = new optim.SGD([used, unused, used], { lr: 0.5, weightDecay: 1 });
  optimizer.step();
  assertEquals(used.toArray(), [0, 0.5]);
  assertEquals(unused.toArray(), [5, 6]);
  optimizer.zeroGrad();
  optimizer.step();
  assertEquals(used.toArray(), [0, 0.5]);
});

test("optimizers: more groups than one native call takes", () => {
  using _ = scope();
  const parameters = Array.from({ length: 70 }, () => withGradient([1], [1]));
  const groups = parameters.map((parameter, i) => ({ parameters: [parameter], lr: i / 64 }));
  using optimizer = new optim.SGD(groups);
  optimizer.step();
  assertEquals(parameters.map((x) => x.item()), parameters.map((_, i) => 1 - i / 64));
  assertEquals(optimizer.learningRate, 0);
  optimizer.learningRate = 2;
  assert(optimizer.groups.every(({ options }) => options.lr === 2));
});

test("optimizers: results do not depend on the number of threads", () => {
  const { threads } = libraryInfo();
  const run = (count: number) => {
    configure({ threads: count });
    using _ = scope();
    const x = full([70_001], 0.5);
    x.grad = mul(x, 3);
    x.grad.data[69_999] = 1e4;
    using optimizer = new optim.Adam([x], { lr: 0.1 });
    const norm = optim.clipGradNorm([x], 2);
    const target = zeros([70_001]);
    const loss = mseLoss(x.grad, target).item();
    optimizer.step();
    return [norm, loss, ...x.read()];
  };
  try {
    const alone = run(1);
    assertEquals(run(2), alone);
    assertEquals(run(3), alone);
  } finally {
    configure({ threads });
  }
});

test("optimizers: bad options and parameters are errors", () => {
  using _ = scope();
  const x = withGradient([1], [1]);
  const refused = (make: () => unknown, part: string) =>
    assertEquals(assertThrows(make, QorusError, part).code, "invalid_argument");
  refused(() => new optim.SGD([], { lr: 1 }), "no parameters");
  refused(() => new optim.SGD([x], { lr: -1 }), "lr -1");
  refused(() => new optim.SGD([x], { lr: NaN }), "lr NaN");
  refused(() => new optim.SGD([x], { lr: 1, nesterov: true }), "nesterov");
  refused(() => new optim.Adam([x], { betas: [0.9, 1] }), "betas[1]");
  refused(() => new optim.RMSprop([x], { epsilon: -1 }), "epsilon");
  refused(() => new optim.SGD([{ parameters: [x] }, { parameters: [x] }]), "two groups");
  refused(() => new optim.SGD([["a", x], ["a", tensor([1])]]), "parameter a");
  using optimizer = new optim.SGD([x], { lr: 1 });
  optimizer.groups[0].options.momentum = 0.5;
  refused(() => optimizer.step(), "cannot change");
  optimizer.groups[0].options.momentum = 0;
  optimizer.groups[0].options.lr = -1;
  refused(() => optimizer.step(), "lr -1");
  assertEquals(x.item(), 1);
});

test("optimizers: tensors that do not fit are errors and nothing is changed", () => {
  using _ = scope();
  const first = withGradient([1, 2], [1, 1]);
  const second = withGradient([3, 4], [1, 1]);
  const fails = (wrong: Tensor, code: string) => {
    using optimizer = new optim.SGD([first, wrong], { lr: 1, momentum: 0.9 });
    assertEquals(assertThrows(() => optimizer.step(), QorusError).code, code);
    assertEquals(first.toArray(), [1, 2]);
  };
  const view = first.slice(0, 1, 2);
  view.grad = tensor([1]);
  fails(view, "aliasing");
  second.grad = tensor([1, 1, 1]);
  fails(second, "invalid_shape");
  second.grad = second;
  fails(second, "aliasing");
  second.grad = zeros([2], { dtype: "i32" });
  fails(second, "invalid_dtype");
  const repeated = tensor([1]).expand([2]);
  repeated.grad = zeros([2]);
  fails(repeated, "invalid_layout");
  {
    using _ = scope();
    second.grad = zeros([2]);
  }
  fails(second, "stale_handle");
});

test("optimizers: a state of another optimizer or other parameters is refused", () => {
  using _ = scope();
  const x = withGradient([1, 2], [1, 1]);
  using adam = new optim.Adam([["x", x]]);
  adam.step();
  const state = adam.stateDict();
  assertEquals([...state.tensors.keys()], ["x.exp_avg", "x.exp_avg_sq"]);
  assertEquals(state.steps, { x: 1 });
  assertEquals(JSON.parse(JSON.stringify(state.groups))[0].options.betas, [0.9, 0.999]);
  const refused = (optimizer: optim.Optimizer | optim.Adam, part: string, code: string) => {
    using _ = optimizer;
    assertEquals(assertThrows(() => optimizer.loadStateDict(state), QorusError, part).code, code);
  };
  refused(new optim.AdamW([["x", x]]) as optim.Adam, "state of Adam", "invalid_argument");
  refused(new optim.Adam([["y", x]]), "group 0 has y", "invalid_argument");
  refused(new optim.Adam([["x", tensor([1])]]), "x.exp_avg is [2]", "invalid_shape");
  const tensors = new Map([...state.tensors].slice(1));
  using other = new optim.Adam([["x", x]]);
  assertThrows(
    () => other.loadStateDict({ ...state, tensors }),
    QorusError,
    "x.exp_avg is missing",
  );
});

test("clipping: norms that are no numbers, and wrong limits", () => {
  using _ = scope();
  const x = withGradient([1, 1], [3, Infinity]);
  const strict = () => optim.clipGradNorm([x], 1, { errorIfNonfinite: true });
  assertThrows(strict, QorusError, "norm of the gradients is inf");
  assertEquals(x.grad?.toArray(), [3, Infinity]);
  assertEquals(optim.clipGradNorm([x], 1), Infinity);
  x.grad = tensor([NaN, -7]);
  optim.clipGradValue([x], 2);
  assertEquals(x.grad.toArray(), [NaN, -2]);
  for (const normType of [1, 2, Infinity]) {
    assertEquals(optim.clipGradNorm([x], 1, { normType }), NaN);
  }
  assertEquals(optim.clipGradNorm([], 1), 0);
  assertThrows(() => optim.clipGradNorm([x], -1), QorusError, "norm of at most -1");
  assertThrows(() => optim.clipGradNorm([x], NaN), QorusError, "norm of at most");
  assertThrows(() => optim.clipGradValue([x], -1), QorusError, "values up to -1");
  assertThrows(() => optim.clipGradNorm([x], 1, { normType: 3 }), QorusError, "norm 3");
});

test("schedules: a state goes on, bad options are errors", () => {
  using _ = scope();
  const make = () => new optim.SGD([tensor([1])], { lr: 0.5 });
  using first = make();
  using second = make();
  const whole = new optim.CosineAnnealingLR(first, { tMax: 9 });
  for (let i = 0; i < 4; i++) whole.step();
  const rest = new optim.CosineAnnealingLR(second, { tMax: 9 });
  rest.loadStateDict(JSON.parse(JSON.stringify(whole.stateDict())));
  assertEquals(rest.learningRates, whole.learningRates);
  whole.step();
  rest.step();
  assertEquals([rest.lastEpoch, second.learningRate], [5, first.learningRate]);
  const plateau = new optim.ReduceLROnPlateau(first, { patience: 0 });
  const other = new optim.ReduceLROnPlateau(second, { patience: 0 });
  other.loadStateDict(JSON.parse(JSON.stringify(plateau.stateDict())));
  for (const metric of [1, 2, NaN, 0.5]) {
    plateau.step(metric);
    other.step(metric);
  }
  assertEquals(other.stateDict(), plateau.stateDict());
  const fails = (make: () => unknown) =>
    assertEquals(assertThrows(make, QorusError).code, "invalid_argument");
  fails(() => new optim.StepLR(first, { stepSize: 0 }));
  fails(() => new optim.ReduceLROnPlateau(first, { factor: 1 }));
  fails(() => new optim.CosineWarmupLR(first, { warmupSteps: 5, totalSteps: 4 }));
  fails(() => new optim.OneCycleLR(first, { maxLr: 1, totalSteps: 5 }));
  fails(() => new optim.OneCycleLR(first, { maxLr: [1, 2], totalSteps: 5, cycleMomentum: false }));
  fails(() => rest.loadStateDict({ lastEpoch: 1, baseLearningRates: [1, 2] }));
  const short = new optim.OneCycleLR(first, { maxLr: 1, totalSteps: 2, cycleMomentum: false });
  short.step();
  fails(() => short.step());
  assertEquals(short.lastEpoch, 1);
});
