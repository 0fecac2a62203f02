/**
 * What is to be reached: the least ratio of speed to the faster of PyTorch eager and tuned in
 * the same precision, and the least ratio of peak memory.
 *
 * @module
 */

import type { Setting } from "./contender.ts";

const targets: Readonly<Record<string, { readonly f32: number; readonly bf16?: number }>> = {
  "mlp": { f32: 1.5, bf16: 1.2 },
  "cnn": { f32: 1.3, bf16: 1.1 },
  "lstm": { f32: 1.3, bf16: 1 },
  "transformer": { f32: 1.3, bf16: 1 },
  "resnet18": { f32: 1, bf16: 1 },
  "tiny-mlp": { f32: 8 },
};

/** PyTorch's peak memory over Qorus's is to be no less. */
export const leastPeakRatio = 1;

/** The least ratio; undefined where none was set. */
export function targetRatio({ workload, precision }: Setting): number | undefined {
  return targets[workload]?.[precision];
}
