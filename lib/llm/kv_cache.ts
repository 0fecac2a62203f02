/**
 * The key/value cache of a sequence.
 *
 * @module
 */

import type { StateArena } from "../core/state.ts";
import type { ModelConfig } from "../formats/types.ts";
import type { AttentionCache } from "../nn/attention.ts";

/** Bytes that a cache takes. */
export function cacheBytes(
  config: ModelConfig,
  capacity: number,
  dtype: "f32" | "f16",
): number {
  const elementBytes = dtype === "f32" ? 4 : 2;
  const { layerCount, keyValueHeadCount, headSize } = config;
  return 2 * layerCount * keyValueHeadCount * headSize * capacity * elementBytes;
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
    dtype: "f32" | "f16",
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
