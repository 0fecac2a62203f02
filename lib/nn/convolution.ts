/**
 * What layers of convolutions share.
 *
 * @module
 */

import type { Conv2dOptions } from "../ops/convolution.ts";
import { QorusError } from "../native/error.ts";
import { uniform } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of {@linkcode Conv2d}. */
export interface Conv2dLayerOptions extends Conv2dOptions {
  /** Whether there is a bias. Default: true. */
  bias?: boolean;
}

/** A weight, a bias and how to convolve with them. */
export abstract class Convolution<Options> extends Module {
  /** The kernels, at first uniform in +-1/sqrt(channels / groups * kernel size), as in PyTorch. */
  readonly weight: Parameter;
  /** One number for each filter, at first from the same distribution. */
  readonly bias?: Parameter;
  /** How to convolve. */
  readonly options: Readonly<Options>;

  /**
   * Makes the parameters.
   *
   * @param shape of the weight
   * @param filters channels of the result
   */
  constructor(shape: readonly number[], filters: number, hasBias: boolean, options: Options) {
    super();
    this.options = options;
    const bound = 1 / Math.sqrt(shape.slice(1).reduce((product, size) => product * size, 1));
    this.weight = new Parameter(shape, () => uniform(shape, bound));
    if (hasBias) this.bias = new Parameter([filters], () => uniform([filters], bound));
  }
}

/** Channels of one group; throws when the channels do not fall into so many groups. */
export function channelsPerGroup(layer: string, channels: number, groups: number): number {
  const size = channels / groups;
  if (Number.isInteger(size) && size > 0) return size;
  throw new QorusError(
    "invalid_argument",
    `${layer}: ${channels} channels do not fall into ${groups} groups`,
    { op: layer, given: channels },
  );
}
