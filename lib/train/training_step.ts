/**
 * One step of training.
 *
 * @module
 */

import { autocast } from "../autograd/autocast.ts";
import { full } from "../core/creation.ts";
import { checkPrecision, type Precision } from "../core/precision.ts";
import { scope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import type { Module } from "../nn/module.ts";
import { mul } from "../ops/elementwise.ts";
import { clipGradNorm, clipGradValue } from "../optim/clip_gradients.ts";
import { gradientsOf, type Learnable } from "../optim/parameter_group.ts";
import type { OptimizerState } from "../optim/state_dict.ts";
import type { Batch } from "./batches.ts";
import type { Stateful } from "./checkpoint/state.ts";
import { watchFields } from "./field_watch.ts";
import { type Forward, forwardOf, type OutputOf } from "./forward.ts";
import { checkLoss, type LossFunction } from "./metrics/mean_loss.ts";

/** What training needs of an optimizer; all of `optim` have it. */
export interface StepOptimizer extends Stateful<OptimizerState> {
  /** Learning rate of the first group. */
  readonly learningRate: number;
  /** The groups of parameters. */
  readonly groups: readonly {
    readonly parameters: ReadonlyMap<string, Learnable>;
    readonly options: { lr: number };
  }[];
  /** Updates the parameters by their gradients. */
  step(): void;
  /** Drops the gradients. */
  zeroGrad(): void;
}

/** How gradients are limited: all together by their norm, or each element by its size. */
export type Clip = { readonly norm: number } | { readonly value: number };

/** What {@linkcode TrainingStep} does. */
export interface TrainingStepOptions<M extends Module<unknown>, B extends Batch, Output> {
  /** Computes the output. Default: `model.forward(batch.x)`. */
  forward?: Forward<M, B, Output>;
  /** Computes what is to be made small: a tensor of one element. */
  loss: LossFunction<NoInfer<Output>, B>;
  /** Updates the parameters. */
  optimizer: StepOptimizer;
  /** Limits the gradients before the update. Default: they are not limited. */
  clip?: Clip;
  /** Batches whose gradients are averaged for an update. Default 1. */
  accumulate?: number;
  /**
   * Precision of the products of model and loss, forward and backward; see `autocast`. Parameters
   * and the optimizer stay in f32, and so do checkpoints. Default: that of the caller, `f32`.
   */
  autocast?: Precision;
}

/** What became of an update. */
export interface StepUpdate {
  /** The mean of the batches' losses. */
  readonly loss: number;
  /** Norm of all gradients before they were limited, where it was measured. */
  readonly gradientNorm: number | undefined;
  /** Whether the parameters were left as they were: the loss or the norm is NaN or infinite. */
  readonly isSkipped: boolean;
}

const op = "fit";

/**
 * Forward pass, loss, backward pass and update, with gradients averaged over several batches where
 * that is asked. Each batch has a scope of its own; nothing is asked of the system once the first
 * update is done.
 *
 * @example
 * ```ts
 * import { mseLoss, nn, optim, type Tensor, tensor, train } from "@qorus/qorus";
 *
 * using model = new nn.Linear(1, 1);
 * using optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const data = [{ x: tensor([[1], [2]]), y: tensor([[2], [4]]) }];
 * const step = new train.TrainingStep(model, {
 *   optimizer,
 *   loss: (output, batch: { x: Tensor; y: Tensor }) => mseLoss(output, batch.y),
 *   accumulate: 2,
 * });
 * for (let i = 0; i < 100; i++) {
 *   for (const batch of data) step.add(batch);
 *   if (step.isFull) step.update();
 * }
 * ```
 */
export class TrainingStep<
  M extends Module<unknown>,
  B extends Batch,
  Output = OutputOf<M>,
> {
  readonly #model: M;
  readonly #optimizer: StepOptimizer;
  readonly #forward: Forward<M, B, Output>;
  readonly #loss: LossFunction<Output, B>;
  readonly #clip: Clip | undefined;
  readonly #accumulate: number;
  readonly #precision: Precision | undefined;
  #isFirst = true;
  #count = 0;
  #lossSum = 0;

  /** Takes the parts; see the options. */
  constructor(model: M, options: TrainingStepOptions<M, B, Output>) {
    const { accumulate = 1, clip, autocast: precision } = options;
    this.#model = model;
    this.#optimizer = options.optimizer;
    this.#forward = forwardOf(op, options.forward);
    this.#loss = options.loss;
    this.#clip = clip;
    this.#accumulate = checkAccumulate(accumulate);
    if (precision !== undefined) checkPrecision(op, "autocast", precision);
    this.#precision = precision;
    checkClip(clip);
  }

  /** Batches since the last update. */
  get count(): number {
    return this.#count;
  }

  /** Whether an update is due. */
  get isFull(): boolean {
    return this.#count >= this.#accumulate;
  }

  /**
   * Computes a batch's loss and adds its gradients to those of the batches before. A loss that is
   * NaN or infinite has no backward pass.
   *
   * @returns the loss
   * @throws {QorusError} `invalid_argument` when the batch lacks a field, or the loss is no tensor;
   * `invalid_shape` when the loss is more than one number; what model and loss throw.
   */
  add(batch: B): number {
    using _ = scope();
    if (this.#count === 0) this.#optimizer.zeroGrad();
    const loss = checkLoss(this.#lossOf(batch));
    const value = loss.item();
    this.#isFirst = false;
    this.#count++;
    this.#lossSum += value;
    if (!Number.isFinite(value)) return value;
    const share = 1 / this.#accumulate;
    if (share === 1) loss.backward();
    else loss.backward({ gradient: full(loss.shape, share) });
    return value;
  }

  #lossOf(batch: B): Tensor {
    const compute = (fields: B) => this.#loss(this.#forward(this.#model, fields), fields);
    const run = () => this.#isFirst ? watchFields(op, batch, compute) : compute(batch);
    return this.#precision === undefined ? run() : autocast(this.#precision, run);
  }

  /**
   * Limits the gradients and updates the parameters, unless the loss or the measured norm is NaN or
   * infinite. Fewer batches than `accumulate` are averaged by their number.
   *
   * @param measuresNorm whether to measure the norm of the gradients, though they are not limited
   * by it
   * @throws {QorusError} `invalid_argument` when no batch was added.
   */
  update(measuresNorm = false): StepUpdate {
    const count = this.#count;
    if (count === 0) {
      throw new QorusError("invalid_argument", `${op}: add a batch before update()`, { op });
    }
    const loss = this.#lossSum / count;
    this.#count = 0;
    this.#lossSum = 0;
    if (!Number.isFinite(loss)) return { loss, gradientNorm: undefined, isSkipped: true };
    if (count < this.#accumulate) this.#scaleGradients(this.#accumulate / count);
    const gradientNorm = this.#limitGradients(measuresNorm);
    const isSkipped = gradientNorm !== undefined && !Number.isFinite(gradientNorm);
    if (!isSkipped) this.#optimizer.step();
    return { loss, gradientNorm, isSkipped };
  }

  /** Drops the batches since the last update. */
  reset(): void {
    this.#count = 0;
    this.#lossSum = 0;
  }

  *#parameters(): Generator<Learnable> {
    for (const { parameters } of this.#optimizer.groups) yield* parameters.values();
  }

  #scaleGradients(factor: number): void {
    for (const gradient of gradientsOf(this.#parameters())) {
      mul(gradient, factor, { out: gradient });
    }
  }

  /** Limits the gradients; gives their norm before, where it is known. */
  #limitGradients(measuresNorm: boolean): number | undefined {
    const clip = this.#clip;
    if (clip !== undefined && "norm" in clip) return clipGradNorm(this.#parameters(), clip.norm);
    const norm = measuresNorm ? clipGradNorm(this.#parameters(), Infinity) : undefined;
    if (clip !== undefined) clipGradValue(this.#parameters(), clip.value);
    return norm;
  }
}

function checkAccumulate(accumulate: number): number {
  if (Number.isInteger(accumulate) && accumulate >= 1) return accumulate;
  throw new QorusError(
    "invalid_argument",
    `${op}: accumulate is ${accumulate}, expected a whole number of at least 1`,
    { op, field: "accumulate", given: accumulate },
  );
}

function checkClip(clip: Clip | undefined): void {
  if (clip === undefined) return;
  const bounds = Object.entries(clip);
  const isKnown = bounds.length === 1 && ["norm", "value"].includes(bounds[0][0]);
  if (isKnown && bounds[0][1] > 0) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: clip is ${JSON.stringify(clip)}, expected { norm: 1 } or { value: 0.5 }, more than 0`,
    { op, field: "clip", given: clip },
  );
}
