/**
 * The gradients of one operation, without what the walk along a tape adds.
 *
 * @module
 */

import { noGrad, scope, type Tensor } from "../../mod.ts";
import type { Scope } from "../../mod.ts";
import { QorusError } from "../../lib/native/error.ts";
import { lasting } from "./operands.ts";

/** Holds what the forward pass left behind. */
let passed: Scope | undefined;

/** Computes the forward pass once; what it returns computes the gradients. */
export function gradients(compute: () => Tensor): () => void {
  forgetPassed();
  passed = scope();
  const result = compute();
  const gradient = lasting(result.shape);
  const backward = result.node?.backward;
  if (backward === undefined) throw new QorusError("internal", "there is no gradient to measure");
  return () => {
    using _ = scope();
    noGrad(() => backward(gradient, () => undefined));
  };
}

/** Gives back the forward pass of the case before. */
export function forgetPassed(): void {
  passed?.[Symbol.dispose]();
  passed = undefined;
}
