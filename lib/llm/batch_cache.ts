/**
 * Key/value caches of several sequences, and the tensors through which a step gets its rows.
 *
 * @module
 */

import { StateArena } from "../core/state.ts";
import type { Tensor } from "../core/tensor.ts";
import type { AttentionCache } from "../nn/attention.ts";
import { cacheBytes } from "./kv_cache.ts";
import type { LanguageModel } from "./language_model.ts";
import { Sampler } from "./sampler.ts";
import type { CacheDType } from "./types.ts";

/** Memory of sequences that are computed together, in an arena of its own. */
export class BatchCache implements Disposable {
  /** One pair for each layer, `[slots, keyValueHeads, capacity, headSize]`. */
  readonly layers: readonly AttentionCache[];
  /** One for each slot. */
  readonly samplers: readonly Sampler[];
  readonly #llm: LanguageModel;
  readonly #arena: StateArena;
  readonly #ids: Tensor;
  readonly #idValues: Int32Array;
  readonly #places: Tensor;
  readonly #placeValues: Int32Array;
  readonly #prompt: Tensor;
  readonly #promptValues: Int32Array;

  /**
   * Reserves memory, which is used as the sequences grow.
   *
   * @param slots sequences that fit
   * @param capacity positions of each
   */
  constructor(llm: LanguageModel, slots: number, capacity: number) {
    const { config, cache, chunkCapacity } = llm;
    const dtype = cache.layers[0].keys.dtype as CacheDType;
    const slackBytes = 2 ** 20 + slots * 2 ** 12 + config.layerCount * 2 ** 8;
    this.#llm = llm;
    this.#arena = new StateArena(slots * cacheBytes(config, capacity, dtype) + slackBytes);
    const shape = [slots, config.keyValueHeadCount, capacity, config.headSize];
    this.layers = cache.layers.map(() => ({
      keys: this.#arena.empty(shape, dtype),
      values: this.#arena.empty(shape, dtype),
    }));
    this.samplers = Array.from({ length: slots }, () => new Sampler(this.#arena));
    this.#ids = this.#arena.empty([slots], "i32");
    this.#idValues = this.#ids.data as Int32Array;
    this.#places = this.#arena.empty([slots, 2], "i32");
    this.#placeValues = this.#places.data as Int32Array;
    this.#prompt = this.#arena.empty([chunkCapacity], "i32");
    this.#promptValues = this.#prompt.data as Int32Array;
  }

  /** Says which token stands in a row of the next step, and where it belongs. */
  setRow(row: number, id: number, slot: number, position: number): void {
    this.#idValues[row] = id;
    this.#placeValues[2 * row] = slot;
    this.#placeValues[2 * row + 1] = position;
  }

  /** Computes the first `count` rows, set by slot: logits `[count, vocabSize]`. */
  step(count: number): Tensor {
    const ids = this.#ids.slice(0, 0, count);
    return this.#llm.computeRows(ids, this.#places.slice(0, 0, count), this.layers);
  }

  /** Computes part of a prompt in one slot: logits behind its last token, `[1, vocabSize]`. */
  prefill(slot: number, ids: Uint32Array, start: number): Tensor {
    this.#promptValues.set(ids);
    const own = (cache: Tensor) => cache.slice(0, slot, slot + 1).view(cache.shape.slice(1));
    const layers = this.layers.map(({ keys, values }) => ({
      keys: own(keys),
      values: own(values),
    }));
    const input = this.#prompt.slice(0, 0, ids.length);
    return this.#llm.compute(input, start, layers, { lastOnly: true });
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#arena[Symbol.dispose]();
  }
}
