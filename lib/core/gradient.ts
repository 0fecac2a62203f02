/**
 * What a tensor knows of how it was computed.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import { runToEnd } from "./arguments.ts";
import { activePrecision, type Precision } from "./precision.ts";
import type { Tensor } from "./tensor.ts";

/** Memory in which an operation may leave the gradient of an input. */
export interface GradientPlace {
  /** f32, shaped like the input, contiguous, apart from the gradient of the output. */
  readonly tensor: Tensor;
  /** Whether it holds a gradient already: then the new one is added. Else it is written over. */
  readonly holds: boolean;
}

/**
 * The place for the gradient of input `i`, where there is one. Who asks must use it, and return its
 * tensor as the gradient: that spares a copy or an addition.
 */
export type GradientPlaces = (i: number) => GradientPlace | undefined;

/**
 * Gradients of an operation's inputs, given that of its output: one for each input, undefined for
 * those that need none. Runs inside the scope of the forward pass; may return `gradient` itself or
 * views of it.
 */
export type Backward = (
  gradient: Tensor,
  places: GradientPlaces,
) => readonly (Tensor | undefined)[];

/** One operation of the tape: which tensors it used and how gradients flow back to them. */
export interface GradientNode {
  /** The operation's name, for messages. */
  readonly op: string;
  /** The operands; gradients are computed for those that require them. */
  readonly inputs: readonly Tensor[];
  /** Of the products of the forward pass; those of the gradients have the same. */
  readonly precision: Precision;
  /** Gradients of the inputs; undefined once used, so that a second pass is noticed. */
  backward: Backward | undefined;
}

/** How {@linkcode Tensor.backward} walks. */
export interface BackwardOptions {
  /** Gradient of the result, shaped like it; needed unless the result has one element. */
  gradient?: Tensor;
  /** Keep the tape for another pass. Default: false. */
  retainGraph?: boolean;
}

/** The walk along the tape, put here by lib/autograd, which this folder does not import. */
export const engine: { backward?: (result: Tensor, options: BackwardOptions) => void } = {};

/** Walks the tape back from a result; see `backward`. */
export function walkTape(result: Tensor, options: BackwardOptions): void {
  if (engine.backward === undefined) {
    throw new QorusError("internal", "backward: import lib/autograd/backward.ts", {
      op: "backward",
    });
  }
  engine.backward(result, options);
}

let depth = 0;

/** Whether operations are being recorded. */
export function isRecording(): boolean {
  return depth === 0;
}

/**
 * Runs a function without recording operations, and returns its result: for inference, metrics and
 * updates of parameters.
 *
 * @param run does its work before it returns; asynchronous functions are refused, since other code
 * runs while they wait
 * @throws {QorusError} `invalid_argument` when `run` is no function or returns a promise; what
 * `run` throws.
 *
 * @example
 * ```ts
 * import { add, noGrad, tensor } from "@qorus/qorus";
 *
 * const sum = noGrad(() => add(tensor([1]), tensor([2])));
 * ```
 */
export function noGrad<T>(run: () => T): T {
  depth++;
  try {
    return runToEnd(run, "noGrad");
  } finally {
    depth--;
  }
}

/**
 * Puts an operation on the tape when it is being recorded and an input requires a gradient.
 *
 * @param backward may close over inputs and output; both live as long as the scope
 * @returns the output
 */
export function record(
  op: string,
  output: Tensor,
  inputs: readonly Tensor[],
  backward: Backward,
): Tensor {
  if (depth > 0) return output;
  for (let i = 0; i < inputs.length; i++) {
    if (!inputs[i].requiresGrad) continue;
    output.attach({ op, inputs, precision: activePrecision(), backward });
    break;
  }
  return output;
}
