/**
 * The operations as Qorus computes them.
 *
 * @module
 */

import * as qorus from "../../mod.ts";
import type { Tensor } from "../../mod.ts";
import { QorusError } from "../../lib/native/error.ts";
import type { Case } from "./cases.ts";
import { forgetPassed, gradients } from "./gradients.ts";
import { attention, convolution, recurrent } from "./layers.ts";
import { classes, forgetOperands, lasting } from "./operands.ts";

const { nn, optim, scope } = qorus;

/** Operands of an operation on rows; all live outside of scopes. */
interface Operands {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
  /** i32, a class for each row. */
  readonly labels: Tensor;
}

const operations: Record<string, (operands: Operands) => Tensor> = {
  add: ({ x, y }) => qorus.add(x, y),
  mulRow: ({ x, weight }) => qorus.mul(x, weight),
  relu: ({ x }) => qorus.relu(x),
  gelu: ({ x }) => qorus.gelu(x),
  silu: ({ x }) => qorus.silu(x),
  exp: ({ x }) => qorus.exp(x),
  tanh: ({ x }) => qorus.tanh(x),
  sigmoid: ({ x }) => qorus.sigmoid(x),
  softmax: ({ x }) => qorus.softmax(x),
  logSoftmax: ({ x }) => qorus.logSoftmax(x),
  layerNorm: ({ x, weight, bias }) => qorus.layerNorm(x, weight, bias, 1e-5),
  rmsNorm: ({ x, weight }) => qorus.rmsNorm(x, weight, 1e-5),
  crossEntropy: ({ x, labels }) => qorus.crossEntropy(x, labels),
  sumRows: ({ x }) => qorus.sum(x, { axes: -1 }),
  sumColumns: ({ x }) => qorus.sum(x, { axes: 0 }),
  mean: ({ x }) => qorus.mean(x),
};

function product({ group, op, shape: [m, k, n] }: Case): () => void {
  const a = op === "tn" ? lasting([k, m]).transpose(0, 1) : lasting([m, k]);
  const b = op === "nt" ? lasting([n, k]).transpose(0, 1) : lasting([k, n]);
  const compute = () => qorus.matmul(a, b);
  const isRounded = group === "bf16-products";
  return () => {
    using _ = scope();
    if (isRounded) qorus.autocast("bf16", compute);
    else compute();
  };
}

function operation({ op, pass, shape }: Case): () => void {
  const [rows, columns] = shape;
  const operands: Operands = {
    x: lasting(shape),
    y: lasting(shape),
    weight: lasting([columns]),
    bias: lasting([columns]),
    labels: classes(rows, columns),
  };
  const learns = pass !== "forward";
  for (const learned of [operands.x, operands.weight, operands.bias]) learned.requiresGrad = learns;
  const compute = () => operations[op](operands);
  if (pass === "backward") return gradients(compute);
  return () => {
    using _ = scope();
    // A loss that requires a gradient computes it in the same pass.
    compute();
  };
}

const networks: Record<string, () => qorus.nn.Module> = {
  mlp: () =>
    new nn.Sequential(new nn.Linear(784, 512), new nn.Linear(512, 256), new nn.Linear(256, 10)),
  transformer: () =>
    new qorus.Llama({
      architecture: "llama",
      vocabSize: 96,
      hiddenSize: 384,
      intermediateSize: 1024,
      layerCount: 6,
      headCount: 6,
      keyValueHeadCount: 6,
      headSize: 64,
      contextLength: 256,
      normEpsilon: 1e-5,
      ropeBase: 10000,
      ropeStyle: "half",
      tiedEmbeddings: false,
      attentionBias: false,
    }),
};

function optimizer({ op, shape }: Case): () => void {
  const parameters = networks[op]().parameters();
  const count = parameters.reduce((sum, { size }) => sum + size, 0);
  if (count !== shape[0]) throw new QorusError("internal", `${op} has ${count} parameters`);
  for (const { tensor } of parameters) tensor.grad = lasting(tensor.shape);
  const adamw = new optim.AdamW(parameters, { lr: 1e-3 });
  return () => adamw.step();
}

function addFew(): () => void {
  const [a, b] = [lasting([16]), lasting([16])];
  return () => {
    using _ = scope();
    qorus.add(a, b);
  };
}

function trainingStep(): () => void {
  const model = new nn.Sequential(new nn.Linear(32, 32), new nn.ReLU(), new nn.Linear(32, 10));
  const adamw = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  const [x, labels] = [lasting([1, 32]), classes(1, 10)];
  return () => {
    using _ = scope();
    adamw.zeroGrad();
    qorus.crossEntropy(model.forward(x), labels).backward();
    adamw.step();
  };
}

/** Makes operands, in place of those of the case before; what it returns is measured. */
export function prepare(item: Case): () => void {
  forgetPassed();
  forgetOperands();
  switch (item.group) {
    case "products":
    case "bf16-products":
      return product(item);
    case "convolutions":
      return convolution(item);
    case "recurrent":
      return recurrent(item);
    case "attention":
      return attention(item);
    case "optimizers":
      return optimizer(item);
    case "calls":
      return item.op === "step" ? trainingStep() : addFew();
    default:
      return operation(item);
  }
}
