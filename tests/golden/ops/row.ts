/**
 * What a row of the table of operations says.
 *
 * @module
 */

import type { GradientCheckOptions } from "../../../lib/autograd/gradient_check.ts";
import { tensor } from "../../../lib/core/creation.ts";
import type { DType } from "../../../lib/core/dtype.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import type { GoldenRow } from "../../support/golden_rows.ts";

/** One public operation, and what proves it. Adding an operation adds one of these. */
export interface OpRow {
  /** Its public name: a function of mod.ts, or a method of tensors such as `Tensor.permute`. */
  op: string;
  /**
   * The golden cases, by golden file; those with a `gradient` prove the backward pass as well. Or
   * what proves the operation instead.
   */
  golden: Readonly<Record<string, readonly GoldenRow[]>> | { instead: string };
  /** What finite differences check, or why there is no gradient. */
  gradient: readonly GradientCheck[] | { none: string };
  /** Dtypes that it computes with, indices aside. Default: f32. */
  dtypes?: readonly DType[];
}

/** A call whose gradients are compared with finite differences. */
export interface GradientCheck {
  /** The call. Its results are multiplied by fixed numbers and summed. */
  of: (...inputs: Tensor[]) => Tensor;
  /** What is varied, one by one: away from corners. */
  inputs: () => Tensor[];
  /** Bounds and step. */
  options?: GradientCheckOptions;
}

/** A family of operations: one file beside this one. */
export interface OpFamily {
  title: string;
  rows: readonly OpRow[];
}

/** Numbers between -1 and 1 without a pattern, the same every time. */
export function numbers(shape: readonly number[], seed = 0): Tensor {
  const size = shape.reduce((product, count) => product * count, 1);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(1 + seed + i * 12.9898));
  return tensor(values, { shape });
}

/** Gradient checks of a function of tensors of these shapes. */
export function varied(
  of: (...inputs: Tensor[]) => Tensor,
  ...shapes: readonly (readonly number[])[]
): GradientCheck {
  return { of, inputs: () => shapes.map((shape, i) => numbers(shape, 3 * i)) };
}
