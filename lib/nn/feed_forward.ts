/**
 * The gated feed-forward network.
 *
 * @module
 */

import { isRecording } from "../core/gradient.ts";
import type { Tensor } from "../core/tensor.ts";
import { siluMul } from "../ops/activation.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

/** SwiGLU: `down(silu(gate(x)) * up(x))` (Shazeer 2020). */
export class FeedForward extends Module {
  /** `[intermediateSize, hiddenSize]`. */
  readonly gateProj: Linear;
  /** `[intermediateSize, hiddenSize]`. */
  readonly upProj: Linear;
  /** `[hiddenSize, intermediateSize]`. */
  readonly downProj: Linear;

  /** Makes the three projections, without biases. */
  constructor(hiddenSize: number, intermediateSize: number) {
    super();
    this.gateProj = new Linear(hiddenSize, intermediateSize, { bias: false });
    this.upProj = new Linear(hiddenSize, intermediateSize, { bias: false });
    this.downProj = new Linear(intermediateSize, hiddenSize, { bias: false });
  }

  /** f32 `[count, hiddenSize]` to the same shape. */
  forward(x: Tensor): Tensor {
    const gate = this.gateProj.forward(x);
    const up = this.upProj.forward(x);
    const isLearned = isRecording() && (gate.requiresGrad || up.requiresGrad);
    return this.downProj.forward(siluMul(gate, up, { out: isLearned ? undefined : gate }));
  }
}
