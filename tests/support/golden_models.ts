/**
 * The models of tools/golden/models.py.
 *
 * @module
 */

import type { Tensor } from "../../lib/core/tensor.ts";
import type { ModelConfig } from "../../lib/formats/types.ts";
import { Llama } from "../../lib/models/llama.ts";
import * as nn from "../../lib/nn/mod.ts";
import * as optim from "../../lib/optim/mod.ts";

/** Steps that each is trained for. */
export const stepCount = 50;

class CharLSTM extends nn.Module {
  readonly embed = new nn.Embedding(11, 7);
  readonly lstm = new nn.LSTM(7, 12, { numLayers: 2, batchFirst: true });
  readonly head = new nn.Linear(12, 11);

  forward(ids: Tensor): Tensor {
    return this.head.forward(this.lstm.forward(this.embed.forward(ids)).output);
  }
}

const llamaConfig: ModelConfig = {
  architecture: "llama",
  vocabSize: 19,
  hiddenSize: 24,
  intermediateSize: 40,
  layerCount: 2,
  headCount: 4,
  keyValueHeadCount: 2,
  headSize: 6,
  contextLength: 64,
  normEpsilon: 1e-5,
  ropeBase: 10000,
  ropeStyle: "half",
  tiedEmbeddings: false,
  attentionBias: false,
};

/** A model that gives logits for a batch, and how it is trained. */
export interface GoldenModel {
  /** Its case in the golden file. */
  name: string;
  make: () => nn.Module & { forward(x: Tensor): Tensor };
  optimizer: (model: nn.Module) => optim.Optimizer;
  schedule?: (optimizer: optim.Optimizer) => optim.Scheduler;
  /** Largest norm of the gradients. */
  clip?: number;
}

/** All of them. */
export const goldenModels: readonly GoldenModel[] = [
  {
    name: "mlp",
    make: () =>
      new nn.Sequential(
        new nn.Linear(20, 32),
        new nn.ReLU(),
        new nn.Linear(32, 17),
        new nn.GELU(),
        new nn.Linear(17, 5),
      ),
    optimizer: (model) => new optim.AdamW(model.parameters(), { lr: 5e-3, weightDecay: 0.05 }),
  },
  {
    name: "cnn",
    make: () =>
      new nn.Sequential(
        new nn.Conv2d(2, 6, 3, { padding: 1 }),
        new nn.BatchNorm2d(6),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Conv2d(6, 9, 3, { stride: 2, bias: false }),
        new nn.BatchNorm2d(9),
        new nn.ReLU(),
        new nn.Flatten(),
        new nn.Linear(36, 5),
      ),
    optimizer: (model) =>
      new optim.SGD(model.parameters(), {
        lr: 0.02,
        momentum: 0.9,
        nesterov: true,
        weightDecay: 1e-3,
      }),
  },
  {
    name: "lstm",
    make: () => new CharLSTM(),
    optimizer: (model) => new optim.Adam(model.parameters(), { lr: 0.03 }),
    clip: 1,
  },
  {
    name: "llama",
    make: () => new Llama(llamaConfig),
    optimizer: (model) =>
      new optim.AdamW(model.parameters(), { lr: 0.01, betas: [0.9, 0.95], weightDecay: 0.1 }),
    schedule: (optimizer) =>
      new optim.CosineWarmupLR(optimizer, { warmupSteps: 10, totalSteps: stepCount }),
  },
];
