/**
 * Operations with several results on the tape.
 *
 * @module
 */

import { full } from "./creation.ts";
import { type GradientPlaces, isRecording, record } from "./gradient.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Gradients of an operation's inputs, given those of its outputs: undefined for outputs that
 * nothing was computed from. Otherwise as `Backward` of gradient.ts.
 */
export type BackwardOfSeveral = (
  gradients: readonly (Tensor | undefined)[],
  places: GradientPlaces,
) => readonly (Tensor | undefined)[];

/** Gradients that wait for those of the other outputs of their operations. */
const waiting = new Set<(Tensor | undefined)[]>();

/** All gradients of outputs whose operations have not been gone through. */
export function* waitingGradients(): Generator<Tensor> {
  for (const gradients of waiting) {
    for (const gradient of gradients) if (gradient !== undefined) yield gradient;
  }
}

/** Drops what a pass that failed has left. */
export function dropWaitingGradients(): void {
  for (const gradients of waiting) gradients.fill(undefined);
  waiting.clear();
}

/**
 * Puts an operation with several outputs on the tape when it is being recorded and an input
 * requires a gradient. `backward` runs once, when the gradients of all outputs are complete.
 */
export function recordOutputs(
  op: string,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  backward: BackwardOfSeveral,
): void {
  if (!isRecording() || !inputs.some(({ requiresGrad }) => requiresGrad)) return;
  // Stands for the whole operation between outputs and inputs: the tape visits it after all outputs
  // have left their gradients here. Its own gradient is never looked at.
  const junction = full([1], 0);
  const gradients = new Array<Tensor | undefined>(outputs.length).fill(undefined);
  record(op, junction, inputs, (_, places) => {
    const complete = gradients.slice();
    gradients.fill(undefined);
    waiting.delete(gradients);
    return backward(complete, places);
  });
  for (const [i, output] of outputs.entries()) {
    record(op, output, [junction], (gradient) => {
      gradients[i] = gradient;
      waiting.add(gradients);
      return [junction];
    });
  }
}
