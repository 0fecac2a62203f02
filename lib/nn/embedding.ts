/**
 * The table of token vectors.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { embedding } from "../ops/embedding.ts";
import { normal } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Looks up rows: i32 ids `[...]` to f32 `[..., dim]`. */
export class Embedding extends Module {
  /** `[count, dim]`, at first normally distributed; any dtype. */
  readonly weight: Parameter;

  /** Makes a table of `count` vectors of `dim` elements. */
  constructor(count: number, dim: number) {
    super();
    this.weight = new Parameter([count, dim], () => normal([count, dim]));
  }

  /** i32 `[...]` to f32 `[..., dim]`. */
  forward(ids: Tensor): Tensor {
    return embedding(this.weight.tensor, ids);
  }
}
