/**
 * Pooling to a given size.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { adaptiveAvgPool2d } from "../ops/pooling.ts";
import type { RowsAndColumns } from "../ops/windows.ts";
import { Module } from "./module.ts";

/** Means over equal shares of each image; see `adaptiveAvgPool2d`. */
export class AdaptiveAvgPool2d extends Module {
  /** Rows and columns of the result. */
  readonly outputSize: RowsAndColumns;

  /** Takes rows and columns of the result; 1 is the mean of whole images. */
  constructor(outputSize: RowsAndColumns) {
    super();
    this.outputSize = outputSize;
  }

  /** f32 `[images, channels, rows, columns]` to `[images, channels, ...outputSize]`. */
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}
