/**
 * Convolutions over one and two dimensions, f32, with their gradients.
 *
 * Images are `[images, channels, rows, columns]`, as in PyTorch (NCHW). Like PyTorch's, these are
 * cross-correlations: the kernel is not turned around.
 *
 * @module
 */

import { checkOptions } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { record } from "../core/gradient.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { sum } from "./reduction.ts";
import {
  pairOf,
  requireRank,
  type RowsAndColumns,
  wholeNumbers,
  writeParameters,
} from "./windows.ts";

/** Options of {@linkcode conv2d}. */
export interface Conv2dOptions {
  /** Steps of the kernel. Default 1. */
  stride?: RowsAndColumns;
  /** Rows and columns of zeros added on each side. Default 0. */
  padding?: RowsAndColumns;
  /** Steps between elements of the kernel. Default 1. */
  dilation?: RowsAndColumns;
  /** Groups of channels that are convolved apart from each other. Default 1. */
  groups?: number;
}

/** Options of {@linkcode convTranspose2d}. */
export interface ConvTranspose2dOptions extends Conv2dOptions {
  /** Rows and columns added to one side of the result. Default 0. */
  outputPadding?: RowsAndColumns;
}

/** Options of {@linkcode conv1d}. */
export interface Conv1dOptions {
  /** Steps of the kernel. Default 1. */
  stride?: number;
  /** Zeros added on each side. Default 0. */
  padding?: number;
  /** Steps between elements of the kernel. Default 1. */
  dilation?: number;
  /** Groups of channels that are convolved apart from each other. Default 1. */
  groups?: number;
}

/** Stride, padding and dilation of rows and columns, then groups, as the exports take them. */
type Geometry = readonly number[];

function geometryOf(op: string, options: Conv2dOptions): Geometry {
  checkOptions(options, op);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return wholeNumbers(op, [
    ...pairOf(stride, "stride", op),
    ...pairOf(padding, "padding", op),
    ...pairOf(dilation, "dilation", op),
    groups,
  ]);
}

function forward(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  by: Geometry,
): Tensor {
  const biasHandle = bias === undefined ? 0 : handleOf(bias, op);
  const handles = [handleOf(x.contiguous(), op), handleOf(weight.contiguous(), op)] as const;
  writeParameters(by);
  return wrap(context().native.q_convolution(...handles, biasHandle), op);
}

/** The input of `size` of which `x` is the gradient of the result. */
function transposed(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  by: Geometry,
  size: readonly number[],
): Tensor {
  const biasHandle = bias === undefined ? 0 : handleOf(bias, op);
  const handles = [handleOf(x.contiguous(), op), handleOf(weight.contiguous(), op)] as const;
  writeParameters([...by, ...size]);
  return wrap(context().native.q_convolution_transpose(...handles, biasHandle), op);
}

function weightGradient(
  op: string,
  x: Tensor,
  gradient: Tensor,
  by: Geometry,
  kernel: readonly number[],
): Tensor {
  const handles = [handleOf(x.contiguous(), op), handleOf(gradient.contiguous(), op)] as const;
  writeParameters([...by, ...kernel]);
  return wrap(context().native.q_convolution_weight_gradient(...handles), op);
}

/**
 * Convolution of images.
 *
 * Kernels of 3 x 3 in steps of 1 for 16 channels or more are computed in tiles of 4 x 4 pixels
 * (Winograd's filtering, Lavin and Gray 2015): a NaN or an infinity then reaches all pixels of the
 * tiles that read it.
 *
 * @param x f32 `[images, channels, rows, columns]`
 * @param weight f32 `[filters, channels / groups, kernel rows, kernel columns]`
 * @param bias f32 `[filters]`
 * @returns f32 `[images, filters, (rows + 2 padding - dilation (kernel rows - 1) - 1) / stride + 1,
 * ...]`, rounded down
 * @throws {QorusError} `invalid_shape` when channels do not fit or the kernel is larger than the
 * padded images, `invalid_argument` for strides and the like that are no whole numbers.
 *
 * @example
 * ```ts
 * import { conv2d, ones } from "@qorus/qorus";
 *
 * const x = ones([1, 3, 28, 28]);
 * conv2d(x, ones([8, 3, 3, 3]), undefined, { padding: 1 }).shape; // [1, 8, 28, 28]
 * ```
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: Conv2dOptions = {},
): Tensor {
  const op = "conv2d";
  const by = geometryOf(op, options);
  checkTensor(x, op);
  checkTensor(weight, op);
  const output = forward(op, x, weight, bias, by);
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  return record(op, output, inputs, (gradient) => {
    const dense = gradient.contiguous();
    return [
      x.requiresGrad ? transposed(op, dense, weight, undefined, by, x.shape.slice(2)) : undefined,
      weight.requiresGrad ? weightGradient(op, x, dense, by, weight.shape.slice(2)) : undefined,
      bias?.requiresGrad ? sum(dense, { axes: [0, 2, 3] }) : undefined,
    ];
  });
}

/**
 * Transposed convolution: the gradient of a convolution with respect to its input, as an operation
 * of its own (Zeiler et al. 2010). It enlarges images where a convolution shrinks them.
 *
 * @param x f32 `[images, channels, rows, columns]`
 * @param weight f32 `[channels, filters / groups, kernel rows, kernel columns]`
 * @param bias f32 `[filters]`
 * @returns f32 `[images, filters, (rows - 1) stride - 2 padding + dilation (kernel rows - 1) +
 * outputPadding + 1, ...]`
 * @throws {QorusError} `invalid_shape` when channels do not fit or nothing would be left,
 * `invalid_argument` when the output padding is not below the stride or the dilation.
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvTranspose2dOptions = {},
): Tensor {
  const op = "convTranspose2d";
  const by = geometryOf(op, options);
  const added = pairOf(options.outputPadding ?? 0, "outputPadding", op);
  const size = transposedSize(op, x, weight, by, added);
  const output = transposed(op, x, weight, bias, by, size);
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  return record(op, output, inputs, (gradient) => {
    const dense = gradient.contiguous();
    return [
      x.requiresGrad ? cut(forward(op, dense, weight, undefined, by), x.shape) : undefined,
      weight.requiresGrad ? weightGradient(op, dense, x, by, weight.shape.slice(2)) : undefined,
      bias?.requiresGrad ? sum(dense, { axes: [0, 2, 3] }) : undefined,
    ];
  });
}

/** Without the rows and columns that a large output padding adds. */
function cut(x: Tensor, shape: readonly number[]): Tensor {
  return x.slice(2, 0, shape[2]).slice(3, 0, shape[3]);
}

function transposedSize(
  op: string,
  x: Tensor,
  weight: Tensor,
  by: Geometry,
  outputPadding: readonly number[],
): number[] {
  requireRank(op, x, 4);
  requireRank(op, weight, 4);
  wholeNumbers(op, outputPadding);
  const [size, kernel] = [x.shape.slice(2), weight.shape.slice(2)];
  return size.map((length, axis) => {
    const [stride, padding, dilation] = [by[axis], by[2 + axis], by[4 + axis]];
    const added = outputPadding[axis];
    if (added >= Math.max(stride, dilation)) {
      throw new QorusError(
        "invalid_argument",
        `${op}: output padding ${added} must be below the stride ${stride} or the dilation ` +
          `${dilation}`,
        { op, given: added },
      );
    }
    const result = (length - 1) * stride - 2 * padding + dilation * (kernel[axis] - 1) + added + 1;
    if (result >= 1 && result < 2 ** 31) return result;
    throw new QorusError(
      "invalid_shape",
      `${op}: x [${x.shape}] and weight [${weight.shape}] give ${result} rows or columns`,
      { op, given: x.shape },
    );
  });
}

/**
 * Convolution of sequences.
 *
 * @param x f32 `[sequences, channels, length]`
 * @param weight f32 `[filters, channels / groups, kernel length]`
 * @param bias f32 `[filters]`
 * @returns f32 `[sequences, filters, (length + 2 padding - dilation (kernel length - 1) - 1) /
 * stride + 1]`, rounded down
 * @throws {QorusError} as {@linkcode conv2d}.
 */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: Conv1dOptions = {},
): Tensor {
  const op = "conv1d";
  requireRank(op, x, 3);
  requireRank(op, weight, 3);
  checkOptions(options, op);
  const { stride = 1, padding = 0, dilation = 1, groups } = options;
  const output = conv2d(asRow(x), asRow(weight), bias, {
    stride: [1, stride],
    padding: [0, padding],
    dilation: [1, dilation],
    groups,
  });
  const [sequences, filters, , length] = output.shape;
  return output.view([sequences, filters, length]);
}

/** `[a, b, length]` as `[a, b, 1, length]`. */
function asRow(x: Tensor): Tensor {
  const [outer, inner, length] = x.shape;
  return x.reshape([outer, inner, 1, length]);
}
