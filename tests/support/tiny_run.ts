/**
 * A small run of training that has all that a checkpoint must bring back: shuffled data, dropout,
 * batch norm, momentum, a schedule that moves learning rate and momentum, an average of the losses.
 *
 * @module
 */

import { StateArena } from "../../lib/core/state.ts";
import { manualSeed, Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import * as nn from "../../lib/nn/mod.ts";
import { crossEntropy } from "../../lib/ops/losses.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { OneCycleLR } from "../../lib/optim/schedulers/one_cycle_lr.ts";
import type {
  CheckpointParts,
  CheckpointProgress,
  Stateful,
} from "../../lib/train/checkpoint/state.ts";
import { DataLoader } from "../../lib/train/data/data_loader.ts";
import { TensorDataset } from "../../lib/train/data/tensor_dataset.ts";

/** Steps that the schedule has. */
export const tinyRunSteps = 2000;

/** A moving average of the losses. */
class LossAverage implements Stateful<{ readonly average: number }> {
  average = -0;

  stateDict(): { readonly average: number } {
    return { average: this.average };
  }

  loadStateDict({ average }: { readonly average: number }): void {
    this.average = average;
  }
}

function samples(): TensorDataset<"x" | "y"> {
  const random = new Random(11);
  const count = 50;
  const x = Float32Array.from({ length: count * 4 }, () => random.uniform(-1, 1));
  const y = Int32Array.from(
    { length: count },
    (_, i) => x[4 * i] > 0 ? 2 : x[4 * i + 1] > 0 ? 1 : 0,
  );
  return new TensorDataset({ x: { values: x, shape: [4] }, y });
}

/** Sizes and seed of a {@linkcode TinyRun}. */
export interface TinyRunOptions {
  /** Size of the hidden layer. Default 8. */
  readonly hidden?: number;
  /** Seed of weights and dropout; the data's order has its own. Default 1. */
  readonly seed?: number;
}

/** The run. */
export class TinyRun implements Disposable {
  readonly model: nn.Sequential;
  readonly optimizer: AdamW;
  readonly schedule: OneCycleLR;
  readonly data: DataLoader<"x" | "y">;
  readonly meter: LossAverage = new LossAverage();
  /** Sum of the output layer's biases over all steps. */
  readonly biasSum: Tensor;
  step = 0;
  readonly #arena = new StateArena(1);
  #walk = this.#losses();
  #lastLoss: number | undefined;

  constructor({ hidden = 8, seed = 1 }: TinyRunOptions = {}) {
    manualSeed(seed);
    this.model = new nn.Sequential(
      new nn.Linear(4, hidden),
      new nn.BatchNorm1d(hidden),
      new nn.ReLU(),
      new nn.Dropout(0.3),
      new nn.Linear(hidden, 3),
    );
    this.optimizer = new AdamW(this.model.namedParameters(), { weightDecay: 0.1 });
    this.schedule = new OneCycleLR(this.optimizer, { maxLr: 0.1, totalSteps: tinyRunSteps });
    this.data = new DataLoader(samples(), { batchSize: 8, shuffle: true, seed: 5 });
    this.biasSum = this.#arena.empty([3]).fill(0);
  }

  /** All that a checkpoint saves. */
  get parts(): CheckpointParts {
    const { model, optimizer, schedule, data, meter, biasSum } = this;
    const tensors = new Map([["bias_sum", biasSum]]);
    return { model, optimizer, schedule, data, others: { meter }, tensors };
  }

  /** Where the run stands. */
  get progress(): CheckpointProgress {
    return { step: this.step, epoch: this.data.epoch, score: this.#lastLoss };
  }

  /** Goes on where a checkpoint was saved. */
  goOn({ step }: CheckpointProgress): void {
    this.step = step;
    this.#walk = this.#losses();
  }

  /** The losses of the next `count` steps. */
  train(count: number): number[] {
    return Array.from({ length: count }, () => this.#walk.next().value);
  }

  *#losses(): Generator<number, never, undefined> {
    while (true) {
      for (const batch of this.data) yield this.#train(batch);
    }
  }

  #train({ x, y }: { readonly x: Tensor; readonly y: Tensor }): number {
    using _ = scope();
    this.optimizer.zeroGrad();
    const loss = crossEntropy(this.model.forward(x), y);
    loss.backward();
    this.optimizer.step();
    this.schedule.step();
    const bias = this.model.stateDict().get("4.bias")!.read();
    this.biasSum.write(this.biasSum.read().map((sum, i) => sum + bias[i]));
    const value = loss.item();
    this.meter.average = 0.9 * this.meter.average + 0.1 * value;
    this.#lastLoss = value;
    this.step++;
    return value;
  }

  [Symbol.dispose](): void {
    this.data[Symbol.dispose]();
    this.optimizer[Symbol.dispose]();
    this.model[Symbol.dispose]();
    this.#arena[Symbol.dispose]();
  }
}
