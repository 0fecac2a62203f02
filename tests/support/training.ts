/**
 * Small models and data to train with.
 *
 * @module
 */

import { tensor } from "../../lib/core/creation.ts";
import { manualSeed, Random } from "../../lib/core/random.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import * as nn from "../../lib/nn/mod.ts";
import { crossEntropy } from "../../lib/ops/losses.ts";
import * as optim from "../../lib/optim/mod.ts";
import { fit } from "../../lib/train/fit.ts";
import type { FitOptions, FitResult } from "../../lib/train/fit/options.ts";
import type { RunLog, RunRecord } from "../../lib/train/logs/run_log.ts";

/** A batch of points in the plane with the quadrant that each lies in. */
export type PointBatch = { readonly x: Tensor; readonly y: Tensor };

/** Batches of points: x `[size, 2]`, and y i32 `[size]` with quadrants 0 to 3. */
export function pointBatches(count: number, size: number, seed = 1): PointBatch[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const points = Float32Array.from({ length: 2 * size }, () => random.uniform(-1, 1));
    const quadrants = Int32Array.from(
      { length: size },
      (_, i) => Number(points[2 * i] > 0) + 2 * Number(points[2 * i + 1] > 0),
    );
    return { x: tensor(points, { shape: [size, 2] }), y: tensor(quadrants) };
  });
}

/** A perceptron that tells quadrants apart, with dropout between its layers where p is given. */
export function quadrantNetwork(p = 0): nn.Sequential {
  manualSeed(3);
  const layers = p === 0 ? [new nn.Tanh()] : [new nn.Tanh(), new nn.Dropout(p)];
  const model = new nn.Sequential(new nn.Linear(2, 16), ...layers, new nn.Linear(16, 4));
  model.stateDict();
  return model;
}

/** What to change of {@linkcode trainQuadrants}. */
export type QuadrantOptions = Partial<FitOptions<nn.Sequential, PointBatch, Tensor>>;

/** Trains the perceptron, for 3 epochs unless told otherwise. */
export async function trainQuadrants(
  data: Iterable<PointBatch>,
  options: QuadrantOptions = {},
  { lr = 0.05, dropout = 0 } = {},
): Promise<{ result: FitResult; losses: number[]; weights: number[][] }> {
  using model = quadrantNetwork(dropout);
  using optimizer = new optim.AdamW(model.parameters(), { lr });
  const losses: number[] = [];
  const result = await fit(model, {
    data,
    loss: (output, { y }) => crossEntropy(output, y),
    optimizer,
    ...options.steps === undefined ? { epochs: 3 } : {},
    onStep: ({ loss }) => losses.push(loss),
    progress: "silent",
    ...options,
  });
  const weights = [...model.stateDict().values()].map((weight) => [...weight.read()]);
  return { result, losses, weights };
}

/** A log that keeps its records. */
export class MemoryLog implements RunLog {
  readonly records: RunRecord[] = [];
  /** What was called besides `write`. */
  readonly calls: string[] = [];

  open(step: number): void {
    this.calls.push(`open ${step}`);
  }

  write(record: RunRecord): void {
    this.records.push(record);
  }

  flush(): void {
    this.calls.push("flush");
  }

  [Symbol.dispose](): void {
    this.calls.push("dispose");
  }

  /** A number of all records of one kind. */
  values(kind: RunRecord["kind"], name: string): (number | undefined)[] {
    return this.records.filter((record) => record.kind === kind).map(({ values }) => values[name]);
  }
}
