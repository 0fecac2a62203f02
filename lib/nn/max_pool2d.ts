/**
 * Pooling of the largest elements.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { maxPool2d, type MaxPool2dOptions } from "../ops/pooling.ts";
import type { RowsAndColumns } from "../ops/windows.ts";
import { Module } from "./module.ts";

/** The largest element of each window of an image; see `maxPool2d`. */
export class MaxPool2d extends Module {
  /** Size of the window. */
  readonly kernelSize: RowsAndColumns;
  /** How the window moves. */
  readonly options: Readonly<MaxPool2dOptions>;

  /** Takes the size of the window and how it moves; by default windows do not overlap. */
  constructor(kernelSize: RowsAndColumns, options: MaxPool2dOptions = {}) {
    super();
    this.kernelSize = kernelSize;
    this.options = options;
  }

  /** f32 `[images, channels, rows, columns]`. */
  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options);
  }
}
