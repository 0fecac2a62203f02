/**
 * What a transform is.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import type { SampleMemory } from "./dataset.ts";

/**
 * Changes a sample in place, after the data set has written it into the batch.
 *
 * `random` belongs to the loader's seed, the epoch and the sample, so that a sample is changed in
 * the same way in every run, and in another way in every epoch. It is used again for the next
 * sample: do not keep it.
 *
 * @param index the sample's number in the data set
 *
 * @example
 * ```ts
 * import type { train } from "@qorus/qorus";
 *
 * const noise: train.Transform<"x"> = ({ x }, random) => {
 *   for (let i = 0; i < x.length; i++) x[i] += random.normal(0, 0.1);
 * };
 * ```
 */
export type Transform<Name extends string = string> = (
  sample: SampleMemory<Name>,
  random: Random,
  index: number,
) => void;

/**
 * One transform that does several, in this order, with the same generator.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const augment = train.compose<"x">(
 *   train.randomCrop("x", { shape: [3, 32, 32], padding: 4 }),
 *   train.randomHorizontalFlip("x", { shape: [3, 32, 32] }),
 * );
 * ```
 */
export function compose<Name extends string>(
  ...transforms: readonly Transform<Name>[]
): Transform<Name> {
  return (sample, random, index) => {
    for (const transform of transforms) transform(sample, random, index);
  };
}
