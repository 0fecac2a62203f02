/**
 * What batch norms of all ranks share.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { batchNorm, type BatchNormSteps } from "../ops/channel_norm.ts";
import { Buffer } from "./buffer.ts";
import { constant } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of batch norms; the defaults are PyTorch's. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  epsilon?: number;
  /**
   * How far the running statistics move towards each batch's; "average" gives all batches the same
   * weight. Default 0.1.
   */
  momentum?: number | "average";
  /** There are a weight and a bias. Default: true. */
  affine?: boolean;
  /** There are running statistics; otherwise batches are always their own. Default: true. */
  trackRunningStatistics?: boolean;
}

/**
 * Batch norm (Ioffe and Szegedy 2015). In training, a batch's own mean and variance are used and
 * running ones follow them; after `eval()`, the running ones are used.
 */
export abstract class BatchNorm extends Module {
  /** `[channels]`, at first ones. */
  readonly weight?: Parameter;
  /** `[channels]`, at first zeros. */
  readonly bias?: Parameter;
  /** `[channels]`, at first zeros. */
  readonly runningMean?: Buffer;
  /** `[channels]`, at first ones. */
  readonly runningVar?: Buffer;
  /** i32 `[]`: batches that the running statistics have seen. */
  readonly numBatchesTracked?: Buffer;
  /** Ranks that inputs may have. */
  protected abstract readonly ranks: readonly number[];
  readonly #options: BatchNormOptions;

  /** Makes a norm of `channels` channels. */
  constructor(channels: number, options: BatchNormOptions = {}) {
    super();
    const { affine = true, trackRunningStatistics = true } = options;
    this.#options = options;
    const shape = [channels];
    if (affine) {
      this.weight = new Parameter(shape, () => constant(shape, 1));
      this.bias = new Parameter(shape, () => constant(shape, 0));
    }
    if (!trackRunningStatistics) return;
    this.runningMean = new Buffer(shape, () => constant(shape, 0));
    this.runningVar = new Buffer(shape, () => constant(shape, 1));
    this.numBatchesTracked = new Buffer(
      [],
      () => empty([], { dtype: "i32", state: context().defaultState() }).write([0]),
    );
  }

  /**
   * f32 `[batch, channels, ...]` to the same shape.
   *
   * @param steps what follows in the same memory: a residual connection, ReLU
   */
  forward(x: Tensor, steps: BatchNormSteps = {}): Tensor {
    this.#checkRank(x);
    const tracked = this.numBatchesTracked;
    return batchNorm(x, {
      ...steps,
      weight: this.weight?.tensor,
      bias: this.bias?.tensor,
      runningMean: this.runningMean?.tensor,
      runningVariance: this.runningVar?.tensor,
      training: this.training || tracked === undefined,
      momentum: this.training && tracked !== undefined ? this.#count(tracked.tensor) : undefined,
      epsilon: this.#options.epsilon,
    });
  }

  /** Counts a batch; returns how far the running statistics move towards it. */
  #count(tracked: Tensor): number {
    const count = tracked.item() + 1;
    tracked.write([count]);
    const { momentum = 0.1 } = this.#options;
    return momentum === "average" ? 1 / count : momentum;
  }

  #checkRank({ shape }: Tensor): void {
    if (this.ranks.includes(shape.length)) return;
    throw new QorusError(
      "invalid_shape",
      `${this.constructor.name}: the input is [${shape}], expected ${this.ranks.join(" or ")} ` +
        "dimensions, [batch, channels, ...]",
      { op: this.constructor.name, given: shape },
    );
  }
}
