/**
 * Norms over channels: batch norm and group norm, with their gradients.
 *
 * @module
 */

import { checkOptions, realNumber, unexpected, wholeNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import { noGrad, record } from "../core/gradient.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { relu } from "./activation.ts";
import { add } from "./elementwise.ts";
import { derivative } from "./function.ts";

/** Parameters of a norm over channels, each f32 `[channels]`. */
export interface ChannelNormOptions {
  /** Multiplies what is normalized. Default: ones. */
  weight?: Tensor;
  /** Added at the end. Default: zeros. */
  bias?: Tensor;
  /** Added to the variance. Default 1e-5. */
  epsilon?: number;
}

/** What follows a batch norm in its own memory, so that there is one tensor fewer to keep. */
export interface BatchNormSteps {
  /** Added to what is normalized: a residual connection. Of the input's shape. */
  residual?: Tensor;
  /** Then `max(x, 0)` is taken. Default false. */
  relu?: boolean;
}

/** Options of {@linkcode batchNorm}. */
export interface BatchNormOptions extends ChannelNormOptions, BatchNormSteps {
  /** f32 `[channels]`; needed unless training, then moved towards the batch's. */
  runningMean?: Tensor;
  /** f32 `[channels]`, given with `runningMean`; takes the unbiased variance. */
  runningVariance?: Tensor;
  /** Use the batch's own mean and variance. Default false: use the running ones. */
  training?: boolean;
  /** How far the running statistics move towards the batch's. Default 0.1. */
  momentum?: number;
}

/**
 * Batch norm (Ioffe and Szegedy 2015): every channel of a batch is brought to mean 0 and variance
 * 1, then `weight` and `bias` are applied.
 *
 * @param x f32 `[batch, channels, ...]`, contiguous
 * @throws {QorusError} `invalid_shape` when a vector does not fit the channels or when training on
 * one value per channel; `invalid_argument` when running statistics are missing.
 *
 * @example
 * ```ts
 * import { batchNorm, tensor } from "@qorus/qorus";
 *
 * batchNorm(tensor([[1, 10], [3, 30]]), { training: true }).toArray(); // about [[-1, -1], [1, 1]]
 * ```
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  const op = "batchNorm";
  checkOptions(options, op);
  const { runningMean, runningVariance, training = false } = options;
  const momentum = realNumber(options.momentum ?? 0.1, "momentum", op);
  const epsilon = realNumber(options.epsilon ?? 1e-5, "epsilon", op);
  const complete = runningMean !== undefined && runningVariance !== undefined;
  const absent = runningMean === undefined && runningVariance === undefined;
  if (!complete && !(training && absent)) {
    throw new QorusError(
      "invalid_argument",
      `${op}: runningMean and runningVariance must both be given, or when training neither`,
      { op },
    );
  }
  const { native } = context();
  const mean = runningMean === undefined ? 0 : handleOf(runningMean, op);
  const variance = runningVariance === undefined ? 0 : handleOf(runningVariance, op);
  const statistics = training
    ? native.q_batch_statistics(handleOf(x, op), mean, variance, momentum, epsilon)
    : native.q_running_statistics(mean, variance, epsilon);
  return normalize(op, x, wrap(statistics, op), options, training);
}

/**
 * Group norm (Wu and He 2018): the channels of every sample are cut into groups, each of which is
 * brought to mean 0 and variance 1; then `weight` and `bias` are applied. One group for each
 * channel is instance norm.
 *
 * @param x f32 `[batch, channels, ...]`, contiguous
 * @param groups divides the channels
 * @throws {QorusError} `invalid_shape` when it does not, or a vector does not fit the channels.
 */
export function groupNorm(x: Tensor, groups: number, options: ChannelNormOptions = {}): Tensor {
  const op = "groupNorm";
  if (wholeNumber(groups, "groups", op) === 0) throw unexpected(0, "1 or more", "groups", op);
  checkOptions(options, op);
  const epsilon = realNumber(options.epsilon ?? 1e-5, "epsilon", op);
  const statistics = context().native.q_group_statistics(handleOf(x, op), groups, epsilon);
  return normalize(op, x, wrap(statistics, op), options, true);
}

/** Applies statistics; `own` says that they depend on x, so that gradients flow through them. */
function normalize(
  op: string,
  x: Tensor,
  statistics: Tensor,
  { weight, bias, residual, relu: rectifies = false }: ChannelNormOptions & BatchNormSteps,
  own: boolean,
): Tensor {
  const { native } = context();
  checkResidual(op, x, residual);
  const weightHandle = () => weight === undefined ? 0 : handleOf(weight, op);
  const biasHandle = bias === undefined ? 0 : handleOf(bias, op);
  const normed = wrap(
    native.q_channel_norm(handleOf(x, op), handleOf(statistics, op), weightHandle(), biasHandle),
    op,
  );
  noGrad(() => {
    if (residual !== undefined) add(normed, residual, { out: normed });
    if (rectifies) relu(normed, { out: normed });
  });
  const inputs = [x, weight, bias, residual].filter((input) => input !== undefined);
  return record(op, normed, inputs, (gradient) => {
    const channels = x.shape[1];
    const sums = empty([2, channels]);
    const given = rectifies ? derivative("relu", gradient, normed) : gradient.contiguous();
    // Nobody else reads the gradient in front of the rectifier unless it is the residual's too.
    const target = rectifies && residual?.requiresGrad !== true ? handleOf(given, op) : 0;
    const gradients = [
      wrap(
        native.q_channel_norm_gradient(
          handleOf(given, op),
          handleOf(x, op),
          handleOf(statistics, op),
          weightHandle(),
          own ? 0 : 1,
          handleOf(sums, op),
          target,
        ),
        op,
      ),
    ];
    if (weight !== undefined) gradients.push(sums.slice(0, 0, 1).view([channels]));
    if (bias !== undefined) gradients.push(sums.slice(0, 1, 2).view([channels]));
    if (residual !== undefined) gradients.push(given);
    return gradients;
  });
}

function checkResidual(op: string, { shape }: Tensor, residual: Tensor | undefined): void {
  if (residual === undefined) return;
  checkTensor(residual, op);
  const given = residual.shape;
  if (given.length === shape.length && given.every((size, i) => size === shape[i])) return;
  throw new QorusError(
    "invalid_shape",
    `${op}: the residual is [${given}], expected the input's shape [${shape}]`,
    { op, field: "residual", given, expected: shape },
  );
}
