/**
 * What is to be reached: the least ratio to llama.cpp, by row, dtype and number of threads.
 *
 * @module
 */

import type { ModelDType } from "../../tools/support/random_model.ts";

/** Ratios for one thread and for two. */
type Targets = readonly [number | undefined, number | undefined];

const plain = (targets: Targets) => ({ f16: targets, bf16: targets });

const targets: Readonly<
  Record<string, Partial<Record<ModelDType | "any", Targets>>>
> = {
  decode: {
    q4_0: [1.4, 1.05],
    q8_0: [1.5, 1.15],
    ...plain([1.1, 1.05]),
    q4_k_m: [1, 1],
    q5_k_m: [1, 1],
  },
  prefill: { q4_0: [2, 2], q8_0: [2, 2], ...plain([1.5, 1.5]) },
  sequences: { any: [1.5, 1.5] },
  "load .qorus": { any: [5, undefined] },
  context: { any: [1, 1] },
  "avx2 decode": { any: [1, 1] },
  "avx2 prefill": { any: [1.2, 1.2] },
};

/** The least ratio; undefined where none was set. */
export function targetRatio(
  row: string,
  dtype: ModelDType | undefined,
  threads: number,
): number | undefined {
  const byDType = targets[row];
  return (byDType?.any ?? (dtype && byDType?.[dtype]))?.[threads - 1];
}
