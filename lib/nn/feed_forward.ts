/**
 * The feed-forward network of a transformer.
 *
 * @module
 */

import { isRecording, noGrad } from "../core/gradient.ts";
import type { Tensor } from "../core/tensor.ts";
import { gelu, siluMul } from "../ops/activation.ts";
import { forwardGated, forwardInto, Linear } from "./linear.ts";
import { Module } from "./module.ts";

/** Options of a {@linkcode FeedForward} network. */
export interface FeedForwardOptions {
  /**
   * `swiglu`: `down(silu(gate(x)) * up(x))` (Shazeer 2020); `gelu` and `geluTanh`:
   * `down(gelu(up(x)))` (Hendrycks and Gimpel 2016), exact or through tanh. Default `swiglu`.
   */
  activation?: "swiglu" | "gelu" | "geluTanh";
  /** The projections have a bias. Default: false. */
  bias?: boolean;
}

/** Two projections with an activation in between, gated for SwiGLU. */
export class FeedForward extends Module {
  /** `[intermediateSize, hiddenSize]`; SwiGLU only. */
  readonly gateProj?: Linear;
  /** `[intermediateSize, hiddenSize]`. */
  readonly upProj: Linear;
  /** `[hiddenSize, intermediateSize]`. */
  readonly downProj: Linear;
  readonly #approximate: "none" | "tanh";

  /** Makes the projections. */
  constructor(hiddenSize: number, intermediateSize: number, options: FeedForwardOptions = {}) {
    super();
    const { activation = "swiglu", bias = false } = options;
    if (activation === "swiglu") this.gateProj = new Linear(hiddenSize, intermediateSize, { bias });
    this.upProj = new Linear(hiddenSize, intermediateSize, { bias });
    this.downProj = new Linear(intermediateSize, hiddenSize, { bias });
    this.#approximate = activation === "geluTanh" ? "tanh" : "none";
  }

  /** f32 `[..., hiddenSize]` to the same shape. */
  forward(x: Tensor): Tensor {
    return this.downProj.forward(this.#inner(x));
  }

  /** Adds what the network makes of x to a residual stream, which is changed; for inference. */
  addTo(residual: Tensor, x: Tensor): void {
    noGrad(() => forwardInto(residual, this.downProj, this.#inner(x)));
  }

  #inner(x: Tensor): Tensor {
    const approximate = this.#approximate;
    if (this.gateProj === undefined) {
      const up = this.upProj.forward(x);
      return gelu(up, { approximate, out: reusable(up) });
    }
    const gated = forwardGated(this.gateProj, this.upProj, x);
    if (gated !== undefined) return gated;
    const gate = this.gateProj.forward(x);
    const up = this.upProj.forward(x);
    return siluMul(gate, up, { out: reusable(up) && reusable(gate) });
  }
}

/** The tensor, when it may be overwritten. */
function reusable(tensor: Tensor): Tensor | undefined {
  return tensor.requiresGrad && isRecording() ? undefined : tensor;
}
