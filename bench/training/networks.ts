/**
 * The networks that are trained, the same as in pytorch_networks.py.
 *
 * @module
 */

import { Llama, nn, resnet18, type Tensor } from "../../mod.ts";
import { empty, randn } from "../../lib/core/creation.ts";
import { context } from "../../lib/core/context.ts";
import { Random } from "../../lib/core/random.ts";

/** A network with one batch that it is trained on again and again. */
export interface Workload {
  readonly model: nn.Module;
  /** Logits `[rows, classes]` of the batch. */
  forward(): Tensor;
  /** i32 `[rows]`. */
  readonly labels: Tensor;
}

const vocabulary = 96;
const random = new Random(1);

/** Class indices below `count` that outlive scopes. */
function indices(shape: readonly number[], count: number): Tensor {
  const made = empty(shape, { dtype: "i32", state: context().defaultState() });
  return made.write(Int32Array.from({ length: made.size }, () => random.uniform(0, count)));
}

function lasting(shape: readonly number[]): Tensor {
  return randn(shape, { state: context().defaultState() });
}

function mlp(): Workload {
  const model = new nn.Sequential(
    new nn.Linear(784, 512),
    new nn.ReLU(),
    new nn.Linear(512, 256),
    new nn.ReLU(),
    new nn.Linear(256, 10),
  );
  const x = lasting([128, 784]);
  return { model, forward: () => model.forward(x), labels: indices([128], 10) };
}

function cnn(): Workload {
  const model = new nn.Sequential(
    new nn.Conv2d(1, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(32, 64, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(64 * 7 * 7, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );
  const x = lasting([128, 1, 28, 28]);
  return { model, forward: () => model.forward(x), labels: indices([128], 10) };
}

/** Embedding, recurrent layers, output projection. */
class CharNetwork extends nn.Module {
  readonly embed = new nn.Embedding(vocabulary, 256);
  readonly lstm = new nn.LSTM(256, 256, { numLayers: 2, batchFirst: true });
  readonly head = new nn.Linear(256, vocabulary);

  /** i32 `[batch, length]` to logits `[batch, length, vocabulary]`. */
  forward(ids: Tensor): Tensor {
    return this.head.forward(this.lstm.forward(this.embed.forward(ids)).output);
  }
}

function lstm(): Workload {
  const model = new CharNetwork();
  const [ids, labels] = [indices([32, 128], vocabulary), indices([32 * 128], vocabulary)];
  return { model, forward: () => model.forward(ids).view([-1, vocabulary]), labels };
}

function transformer(): Workload {
  const model = new Llama({
    architecture: "llama",
    vocabSize: vocabulary,
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
  });
  const [ids, labels] = [indices([16, 256], vocabulary), indices([16 * 256], vocabulary)];
  return { model, forward: () => model.forward(ids).view([-1, vocabulary]), labels };
}

function smallResnet18(): Workload {
  const model = resnet18({ stem: "small", numClasses: 10 });
  const x = lasting([32, 3, 32, 32]);
  return { model, forward: () => model.forward(x), labels: indices([32], 10) };
}

function tinyMlp(): Workload {
  const model = new nn.Sequential(new nn.Linear(32, 32), new nn.ReLU(), new nn.Linear(32, 10));
  const x = lasting([1, 32]);
  return { model, forward: () => model.forward(x), labels: indices([1], 10) };
}

/** Makes a network by its name. */
export const networks: Readonly<Record<string, () => Workload>> = {
  mlp,
  cnn,
  lstm,
  transformer,
  resnet18: smallResnet18,
  "tiny-mlp": tinyMlp,
};
