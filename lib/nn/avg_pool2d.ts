/**
 * Pooling of means.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { avgPool2d, type AvgPool2dOptions } from "../ops/pooling.ts";
import type { RowsAndColumns } from "../ops/windows.ts";
import { Module } from "./module.ts";

/** The mean of each window of an image; see `avgPool2d`. */
export class AvgPool2d extends Module {
  /** Size of the window. */
  readonly kernelSize: RowsAndColumns;
  /** How the window moves. */
  readonly options: Readonly<AvgPool2dOptions>;

  /** Takes the size of the window and how it moves; by default windows do not overlap. */
  constructor(kernelSize: RowsAndColumns, options: AvgPool2dOptions = {}) {
    super();
    this.kernelSize = kernelSize;
    this.options = options;
  }

  /** f32 `[images, channels, rows, columns]`. */
  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}
