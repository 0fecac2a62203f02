import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as qorus from "../../mod.ts";
import { QorusError, scope, type Tensor, tensor } from "../../mod.ts";

/** A call without its types: JavaScript, and TypeScript that nobody checks, passes anything. */
type Loose = (...values: unknown[]) => unknown;

const loose = (name: string): Loose => (qorus as unknown as Record<string, Loose>)[name];

function refused(call: () => unknown, message: string): void {
  const error = assertThrows(call, QorusError, message);
  assertEquals(error.code, "invalid_argument");
}

const matrix = () => qorus.full([2, 3], 0.5);
const vector = () => qorus.full([3], 0.5);
const images = () => qorus.full([1, 2, 4, 4], 0.5);
const heads = () => qorus.full([1, 2, 3, 4], 0.5);
const classes = () => tensor(new Int32Array([0, 1]));

/** A valid call of operations of several operands; the others take one matrix. */
const operands: Record<string, () => unknown[]> = {
  addRmsNorm: () => [matrix(), matrix(), vector(), 1e-5],
  avgPool2d: () => [images(), 2],
  adaptiveAvgPool2d: () => [images(), 2],
  batchNorm: () => [images(), { training: true }],
  bceWithLogits: () => [matrix(), matrix()],
  causalMask: () => [matrix()],
  conv1d: () => [qorus.full([1, 2, 5], 1), qorus.full([3, 2, 3], 1), vector()],
  conv2d: () => [images(), qorus.full([3, 2, 3, 3], 1), vector()],
  convTranspose2d: () => [images(), qorus.full([2, 3, 3, 3], 1), vector()],
  crossEntropy: () => [matrix(), classes()],
  embedding: () => [matrix(), classes()],
  gather: () => [matrix(), 0, tensor(new Int32Array([0, 1, 0]), { shape: [1, 3] })],
  groupNorm: () => [images(), 1],
  gru: () => [qorus.zeros([5, 1, 2]), {
    weightIh: qorus.zeros([9, 2]),
    weightHh: qorus.zeros([9, 3]),
  }],
  indexSelect: () => [matrix(), 0, classes()],
  layerNorm: () => [matrix(), vector(), vector(), 1e-5],
  linear: () => [matrix(), matrix(), qorus.zeros([2])],
  lstm: () => [qorus.zeros([5, 1, 2]), {
    weightIh: qorus.zeros([12, 2]),
    weightHh: qorus.zeros([12, 3]),
  }],
  matmul: () => [matrix(), qorus.zeros([3, 2])],
  maxPool2d: () => [images(), 2],
  nllLoss: () => [matrix(), classes()],
  pad: () => [vector(), [1], [1]],
  repeat: () => [vector(), [2]],
  rmsNorm: () => [matrix(), vector(), 1e-5],
  rnn: () => [qorus.zeros([5, 1, 2]), {
    weightIh: qorus.zeros([3, 2]),
    weightHh: qorus.zeros([3, 3]),
  }],
  rope: () => [heads(), qorus.ropeTable(qorus.zeros([2]), 0, 2), "half"],
  ropeTable: () => [vector(), 0, 2],
  scaledDotProductAttention: () => [heads(), heads(), heads()],
  split: () => [matrix(), 1],
  to: () => [matrix(), "f16"],
  where: () => [matrix(), matrix(), matrix()],
};
const pairs = [
  ...["add", "div", "mul", "pow", "sub", "maximum", "minimum", "siluMul"],
  ...["equal", "notEqual", "greater", "greaterEqual", "less", "lessEqual"],
  ...["huberLoss", "klDiv", "l1Loss", "mseLoss"],
];
for (const name of pairs) operands[name] = () => [matrix(), matrix()];
const single = [
  ...["abs", "clamp", "dropout", "elu", "exp", "gelu", "leakyRelu", "log", "neg", "relu"],
  ...["sigmoid", "silu", "softmax", "logSoftmax", "softplus", "sqrt", "tanh", "variance", "std"],
  ...["sum", "mean", "max", "min", "argmax", "argmin", "backward"],
];
for (const name of single) operands[name] = () => [matrix()];

/** A tensor whose scope has ended. */
function ended(): Tensor {
  using _ = scope();
  return matrix();
}

test("operations: what is no tensor is refused, a tensor that has ended too", () => {
  for (const [name, make] of Object.entries(operands)) {
    using _ = scope();
    // A scalar may stand for a tensor in arithmetic, and a bias may be left out.
    const isScalar = (value: unknown) => typeof value === "number";
    const places = make().flatMap((value, i) => value instanceof qorus.Tensor ? [i] : []);
    assert(places.length > 0, name);
    for (const place of places) {
      for (const wrong of [undefined, null, "x", 1.5, [1, 2], {}, () => 1]) {
        if (isScalar(wrong) && [...pairs, "where"].includes(name)) continue;
        const isOptional = ["linear", "layerNorm"].includes(name) || name.startsWith("conv");
        if (wrong === undefined && place === 2 && isOptional) continue;
        refused(() => loose(name)(...make().with(place, wrong)), "expected a tensor");
      }
      const stale = make().with(place, ended());
      assertEquals(assertThrows(() => loose(name)(...stale), QorusError).code, "stale_handle");
    }
  }
});

test("operations: options that are not in an object are refused, not left out", () => {
  using _ = scope();
  const x = matrix();
  for (const name of ["sum", "mean", "max", "variance", "argmax", "softmax", "logSoftmax"]) {
    refused(() => loose(name)(x, 0), `${name}: options is 0, expected an object`);
  }
  for (const name of ["leakyRelu", "elu", "softplus", "clamp", "dropout"]) {
    refused(() => loose(name)(x, 0.5), `${name}: options is 0.5, expected an object`);
  }
  for (const name of ["mseLoss", "l1Loss", "huberLoss", "klDiv", "bceWithLogits"]) {
    refused(() => loose(name)(x, x, "sum"), `${name}: options is "sum", expected an object`);
  }
  refused(() => loose("maxPool2d")(images(), 2, 2), "maxPool2d: options is 2");
  refused(() => loose("conv2d")(images(), images(), undefined, 2), "conv2d: options is 2");
  refused(() => loose("tensor")([1, 2], [2]), "tensor: options is an array");
  refused(() => loose("zeros")([2], "i32"), 'options is "i32"');
  refused(() => loose("configure")(4), "configure: options is 4");
});

test("operations: options of another type or unknown words are refused", () => {
  using _ = scope();
  const x = matrix();
  refused(() => loose("softmax")(x, { scale: "1" }), 'softmax: scale is "1", expected a number');
  refused(() => loose("rmsNorm")(x, vector()), "rmsNorm: epsilon is undefined");
  refused(() => loose("gelu")(x, { approximate: "erf" }), "expected one of none, tanh");
  refused(() => loose("mseLoss")(x, x, { reduction: "avg" }), "expected one of none, mean, sum");
  refused(() => loose("mseLoss")(x, x, { reduction: "toString" }), "expected one of none");
  refused(() => loose("rope")(heads(), x, "gpt"), "expected one of neighbouring, half");
  refused(() => loose("sum")(x, { axes: "rows" }), 'sum: axes is "rows"');
  refused(() => loose("maxPool2d")(images(), { kernelSize: 2 }), "kernelSize is Object");
  refused(() => loose("conv2d")(images(), images(), undefined, { padding: [1] }), "padding is an");
  refused(() => loose("empty")([2], { layout: "columns" }), "expected one of rows, rows16");
  refused(() => loose("split")(x, 0), "split: sizes is 0, expected a whole number of at least 1");
  refused(() => loose("concat")(x), "concat: Tensor given, expected an array of tensors");
  refused(() => loose("stack")([x, 1]), "stack: 1 given, expected a tensor");
  refused(() => loose("repeat")(x, [1, -1]), "repeat: a count is -1");
  refused(() => loose("pad")(x, 1), "pad: before is 1, expected an array");
});

test("creation: shapes and numbers of another type are refused", () => {
  using _ = scope();
  for (const name of ["empty", "zeros", "ones", "rand", "randn"]) {
    refused(() => loose(name)(3), "3 given, expected an array of sizes");
    refused(() => loose(name)(), "undefined given, expected an array of sizes");
  }
  refused(() => loose("full")([2]), "fill: value is undefined, expected a number");
  refused(() => loose("arange")("3"), 'arange: end is "3", expected a number');
  refused(() => loose("manualSeed")(0.5), "seed is 0.5, expected a whole number");
  refused(() => loose("setRandomState")(), "random: a state has four words");
  const x = matrix();
  refused(() => (x.view as Loose)(2, 3), "view: 2 given, expected an array of sizes");
  refused(() => (x.permute as Loose)(1, 0), "permute: 1 given, expected an array of sizes");
  refused(() => (x.write as Loose)(), "write: undefined given, expected an array of numbers");
  refused(() => (x.copyFrom as Loose)([1]), "copyFrom: an array given, expected a tensor");
});

test("functions: what is no function, or does not end when it returns, is refused", () => {
  using _ = scope();
  refused(() => loose("noGrad")(), "noGrad: run is undefined, expected a function");
  refused(
    () => loose("noGrad")(() => Promise.resolve(1)),
    "noGrad: the function returned a promise",
  );
  refused(() => loose("autocast")("f32"), "autocast: run is undefined, expected a function");
  refused(() => loose("customOp")(), "customOp: undefined given, expected an object");
  refused(() => loose("customOp")({ forward: () => matrix() }), "customOp: backward is undefined");
  refused(() => loose("checkGradients")(1, []), "checkGradients: compute is 1");
  refused(() => loose("checkGradients")(() => matrix(), matrix()), "inputs is Tensor");
});

test("layers, optimizers, training: what stands in the wrong place is named", async () => {
  using _ = scope();
  const { nn, optim, train } = qorus;
  const layer = new nn.Linear(3, 2);
  const Loose = (constructor: unknown) => constructor as new (...values: unknown[]) => object;
  refused(() => new (Loose(nn.Linear))(3), "Parameter: a size of [,3] is undefined");
  refused(() => new (Loose(nn.ModuleList))(layer), "ModuleList: modules is Linear");
  refused(() => new (Loose(optim.SGD))(layer, { lr: 1 }), "SGD: parameters is Linear, expected");
  refused(() => new (Loose(optim.SGD))(layer.parameters(), 0.1), "SGD: options is 0.1");
  refused(() => new (Loose(optim.StepLR))(layer, { stepSize: 1 }), "StepLR: optimizer is Linear");
  refused(() => new (Loose(train.DataLoader))([1], { batchSize: 1 }), "dataset is an array");
  refused(() => loose("languageModel")(layer, {}), "network is Linear, expected a Llama");
  const error = await (loose("fit")(vector(), {}) as Promise<unknown>).catch((error) => error);
  assert(error instanceof QorusError && error.message.includes("fit: model is Tensor"));
});
