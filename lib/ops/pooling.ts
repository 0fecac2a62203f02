/**
 * Pooling of images, f32 `[images, channels, rows, columns]`, with gradients.
 *
 * @module
 */

import { checkOptions } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { record } from "../core/gradient.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { pairOf, type RowsAndColumns, wholeNumbers, writeParameters } from "./windows.ts";

/** Options of {@linkcode maxPool2d}. */
export interface MaxPool2dOptions {
  /** Steps of the window. Default: its size. */
  stride?: RowsAndColumns;
  /** Rows and columns added on each side, at most half of the window; never taken. Default 0. */
  padding?: RowsAndColumns;
  /** Steps between elements of the window. Default 1. */
  dilation?: RowsAndColumns;
  /** Round the result's size up, with windows that reach beyond the padding. Default: false. */
  ceilMode?: boolean;
}

/** Options of {@linkcode avgPool2d}. */
export interface AvgPool2dOptions {
  /** Steps of the window. Default: its size. */
  stride?: RowsAndColumns;
  /** Rows and columns of zeros added on each side, at most half of the window. Default 0. */
  padding?: RowsAndColumns;
  /** Round the result's size up, with windows that reach beyond the padding. Default: false. */
  ceilMode?: boolean;
  /** Whether the zeros of the padding count as elements. Default: true. */
  countIncludePad?: boolean;
}

/**
 * The largest element of each window; NaN is larger than every number.
 *
 * @param x f32 `[images, channels, rows, columns]`
 * @param kernelSize size of the window
 * @returns f32 `[images, channels, (rows + 2 padding - dilation (kernel rows - 1) - 1) / stride +
 * 1, ...]`, rounded down unless `ceilMode`
 * @throws {QorusError} `invalid_shape` when the window is larger than the padded images,
 * `invalid_argument` when the padding is more than half of the window.
 *
 * @example
 * ```ts
 * import { maxPool2d, tensor } from "@qorus/qorus";
 *
 * maxPool2d(tensor([[[[1, 2], [4, 3]]]]), 2).item(); // 4
 * ```
 */
export function maxPool2d(
  x: Tensor,
  kernelSize: RowsAndColumns,
  options: MaxPool2dOptions = {},
): Tensor {
  const op = "maxPool2d";
  checkOptions(options, op);
  const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = options;
  const steps = wholeNumbers(op, [
    ...pairOf(kernelSize, "kernelSize", op),
    ...pairOf(stride, "stride", op),
    ...pairOf(padding, "padding", op),
    ...pairOf(dilation, "dilation", op),
  ]);
  const { native, parameters } = context();
  checkTensor(x, op);
  const handle = handleOf(x.contiguous(), op);
  writeParameters([...steps, ceilMode ? 1 : 0]);
  const output = wrap(native.q_max_pool(handle), op);
  const indices = wrap(parameters[0], op);
  return record(op, output, [x], (gradient) => {
    const dense = handleOf(gradient.contiguous(), op);
    writeParameters(x.shape.slice(2));
    return [wrap(native.q_max_pool_gradient(dense, handleOf(indices, op)), op)];
  });
}

/**
 * The mean of each window.
 *
 * @param x f32 `[images, channels, rows, columns]`
 * @param kernelSize size of the window
 * @returns f32 `[images, channels, (rows + 2 padding - kernel rows) / stride + 1, ...]`, rounded
 * down unless `ceilMode`
 * @throws {QorusError} as {@linkcode maxPool2d}.
 */
export function avgPool2d(
  x: Tensor,
  kernelSize: RowsAndColumns,
  options: AvgPool2dOptions = {},
): Tensor {
  const op = "avgPool2d";
  checkOptions(options, op);
  const { stride = kernelSize, padding = 0, ceilMode = false, countIncludePad = true } = options;
  const steps = wholeNumbers(op, [
    ...pairOf(kernelSize, "kernelSize", op),
    ...pairOf(stride, "stride", op),
    ...pairOf(padding, "padding", op),
  ]);
  return average(op, x, [...steps, ceilMode ? 1 : 0, countIncludePad ? 1 : 0], 0);
}

/**
 * Means over equal shares of each image, so that the result has the given size whatever the size of
 * the image; 1 is the mean of whole images. Shares overlap where the sizes do not divide.
 *
 * @param x f32 `[images, channels, rows, columns]`
 * @param outputSize rows and columns of the result
 * @returns f32 `[images, channels, ...outputSize]`
 * @throws {QorusError} `invalid_shape` when a size is 0.
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: RowsAndColumns): Tensor {
  const op = "adaptiveAvgPool2d";
  const size = wholeNumbers(op, pairOf(outputSize, "outputSize", op));
  return average(op, x, [...size, 0, 0, 0, 0, 0, 0], 1);
}

function average(op: string, x: Tensor, parameters: readonly number[], adaptive: number): Tensor {
  const { native } = context();
  checkTensor(x, op);
  const handle = handleOf(x.contiguous(), op);
  writeParameters(parameters);
  const output = wrap(native.q_average_pool(handle, adaptive), op);
  return record(op, output, [x], (gradient) => {
    const dense = handleOf(gradient.contiguous(), op);
    writeParameters([...parameters, ...x.shape.slice(2)]);
    return [wrap(native.q_average_pool_gradient(dense, adaptive), op)];
  });
}
