/**
 * The key/value cache of a sequence.
 *
 * @module
 */

import { byteLengthOf } from "../core/dtype.ts";
import type { StateArena } from "../core/state.ts";
import type { ModelConfig } from "../formats/types.ts";
import { QorusError } from "../native/error.ts";
import type { AttentionCache } from "../nn/attention.ts";
import type { CacheDType } from "./types.ts";

const cacheDtypes: readonly unknown[] = ["f32", "f16", "q8_0"];

/** Bytes that a cache takes. */
export function cacheBytes(config: ModelConfig, capacity: number, dtype: CacheDType): number {
  const { layerCount, keyValueHeadCount, headSize } = config;
  return 2 * layerCount * byteLengthOf(dtype, [keyValueHeadCount, capacity, headSize]);
}

/** Throws unless a model's cache can have the dtype. */
export function checkCacheDtype({ headSize }: ModelConfig, dtype: CacheDType): void {
  const refuse = (reason: string, expected: unknown): never => {
    const message = `load: cacheDtype is ${JSON.stringify(dtype)}, ${reason}`;
    const field = "cacheDtype";
    throw new QorusError("invalid_argument", message, {
      op: "load",
      field,
      given: dtype,
      expected,
    });
  };
  if (!cacheDtypes.includes(dtype)) refuse("expected f32, f16 or q8_0", cacheDtypes);
  if (Number.isNaN(byteLengthOf(dtype, [headSize]))) {
    refuse(`whose blocks of 32 do not divide this model's heads of ${headSize}: take f16`, "f16");
  }
}

/** Keys and values of every layer, and the tokens that they belong to. */
export class KeyValueCache {
  /** One pair for each layer. */
  readonly layers: readonly AttentionCache[];
  /** Positions that fit. */
  readonly capacity: number;
  /** Tokens whose keys and values are in the cache. */
  readonly ids: number[] = [];

  /** Makes the cache's tensors in an arena. */
  constructor(
    config: ModelConfig,
    capacity: number,
    dtype: CacheDType,
    arena: StateArena,
  ) {
    const shape = [config.keyValueHeadCount, capacity, config.headSize];
    this.capacity = capacity;
    this.layers = Array.from({ length: config.layerCount }, () => ({
      keys: arena.empty(shape, dtype),
      values: arena.empty(shape, dtype),
    }));
  }

  /** Keeps the tokens that the cache shares with `ids` from the start, and returns how many. */
  keepPrefix(ids: ArrayLike<number>): number {
    const most = Math.min(this.ids.length, ids.length);
    let count = 0;
    while (count < most && this.ids[count] === ids[count]) count++;
    this.ids.length = count;
    return count;
  }
}
