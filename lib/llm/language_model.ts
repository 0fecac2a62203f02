/**
 * A language model with its tokenizer, ready to generate.
 *
 * @module
 */

import { tensor } from "../core/creation.ts";
import { StateArena } from "../core/state.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Checkpoint, GenerationDefaults, ModelConfig } from "../formats/types.ts";
import { Llama, ropeFrequencies } from "../models/llama.ts";
import { QorusError } from "../native/error.ts";
import type { AttentionCache } from "../nn/attention.ts";
import { ropeTable } from "../ops/attention.ts";
import { ropeTableRows } from "../ops/attention_rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { renderChat } from "./chat_template.ts";
import { generate } from "./generate.ts";
import { generateBatch } from "./generate_batch.ts";
import { cacheBytes, checkCacheDtype, KeyValueCache } from "./kv_cache.ts";
import { checkLength, chunkCapacity } from "./prompt.ts";
import { Sampler } from "./sampler.ts";
import type {
  BatchOptions,
  BatchPrompt,
  BatchToken,
  CacheDType,
  ChatMessage,
  GeneratedToken,
  GenerateOptions,
  GenerationStatistics,
  LoadOptions,
} from "./types.ts";
import { MappedWeights, repackedBytes } from "./weights.ts";

/** Most rows that {@linkcode LanguageModel.stepRows} takes. */
const rowCapacity = 8;
/** Contexts longer than this must be asked for: their cache takes memory. */
const defaultContextLength = 8192;

/** What {@linkcode LanguageModel} is made of. */
export interface LanguageModelParts {
  /** The model's file, opened. */
  readonly checkpoint: Checkpoint;
  /** How to open it. */
  readonly options: LoadOptions;
  /** Makes the tokenizer when it is first needed. */
  readonly makeTokenizer: () => Tokenizer;
  /** A network with weights of its own, which takes the place of those in the file. */
  readonly network?: Llama;
}

/**
 * A language model; made by `load`, or by `languageModel` out of a network. Dispose it to give its
 * memory back.
 *
 * @example
 * ```ts
 * import { load } from "@qorus/qorus";
 *
 * using llm = await load("model.gguf");
 * for await (const { text } of llm.generate("Once upon a time", { maxTokens: 50 })) {
 *   console.log(text);
 * }
 * ```
 */
export class LanguageModel implements Disposable {
  /** The file or folder that the model came from; `memory` where it was made of a network. */
  readonly path: string;
  /** The format of that file. */
  readonly format: Checkpoint["format"];
  /** Hyper-parameters. */
  readonly config: ModelConfig;
  /** What the model's file says about generation. */
  readonly generation: GenerationDefaults;
  /** Jinja template for conversations, if the model has one. */
  readonly chatTemplate?: string;
  /** What the file says about itself, if anything. */
  readonly note?: string;
  /** The network. */
  readonly network: Llama;
  /** Longest sequence that there is room for, in tokens. */
  readonly contextLength: number;
  /**
   * The network may be trained between generations, so that what was computed for one text is not
   * used again for the next.
   */
  readonly weightsMayChange: boolean;
  /** Number of weights. */
  readonly parameterCount: number;
  /** Time that loading took, in milliseconds. */
  loadMilliseconds = 0;
  /** Times and counts of the latest generation. */
  statistics: GenerationStatistics = newStatistics();
  /** Keys and values of the current sequence. */
  readonly cache: KeyValueCache;
  /** Chooses tokens. */
  readonly sampler: Sampler;
  /** Counts generations, so that an older one notices that a newer one uses the cache. */
  generationCount = 0;
  /** Whether the model's memory was given back. */
  isDisposed = false;
  #tokenizer: Tokenizer | undefined;
  readonly #makeTokenizer: () => Tokenizer;
  readonly #arena: StateArena;
  readonly #weights?: MappedWeights;
  readonly #frequencies: Tensor;
  readonly #ids: Tensor;
  readonly #idValues: Int32Array;
  readonly #places: Tensor;
  readonly #placeValues: Int32Array;

  /** Maps the weights and takes memory for cache and sampler. */
  constructor({ checkpoint, options, makeTokenizer, network }: LanguageModelParts) {
    const { config } = checkpoint;
    this.path = checkpoint.path;
    this.format = checkpoint.format;
    this.config = config;
    this.#makeTokenizer = makeTokenizer;
    this.generation = checkpoint.generation;
    this.chatTemplate = checkpoint.chatTemplate;
    this.note = checkpoint.provenance?.note;
    this.contextLength = contextLengthOf(config, options);
    const cacheDtype = options.cacheDtype ?? cacheDtypeFor(checkpoint);
    checkCacheDtype(config, cacheDtype);
    this.weightsMayChange = network !== undefined;
    const slackBytes = 2 ** 24;
    this.#arena = new StateArena(
      (network === undefined ? repackedBytes(checkpoint) : 0) +
        cacheBytes(config, this.contextLength, cacheDtype) + slackBytes,
    );
    try {
      if (network === undefined) {
        const onMessage = options.onMessage ?? console.error;
        this.#weights = new MappedWeights(checkpoint, this.#arena, onMessage, options);
        network = new Llama(config);
        network.loadStateDict(this.#weights.tensors, { assign: true });
      }
      this.network = network;
      this.cache = new KeyValueCache(config, this.contextLength, cacheDtype, this.#arena);
      this.sampler = new Sampler(this.#arena);
      this.#frequencies = tensor(ropeFrequencies(config), { state: this.#arena.id });
      this.#ids = this.#arena.empty([chunkCapacity], "i32");
      this.#places = this.#arena.empty([rowCapacity, 2], "i32");
    } catch (error) {
      this.#arena[Symbol.dispose]();
      throw error;
    }
    this.#idValues = this.#ids.data as Int32Array;
    this.#placeValues = this.#places.data as Int32Array;
    this.parameterCount = this.network.parameters().reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Text to tokens and back. It is read when it is first asked for: a large vocabulary takes longer
   * than mapping the weights.
   *
   * @throws {QorusError} `invalid_file` when its bytes are wrong or it belongs to another model.
   */
  get tokenizer(): Tokenizer {
    this.#tokenizer ??= this.#makeTokenizer();
    return this.#tokenizer;
  }

  /**
   * Continues a text: yields each token with the characters that it completes. Leaving the loop
   * ends the generation.
   *
   * A prompt that starts like the previous sequence is computed from where they differ.
   *
   * @param prompt a text, or tokens (used as they are)
   * @throws {QorusError} `out_of_range` when the prompt does not fit the context,
   * `invalid_argument` for options out of range, `aborted` when the signal ends it.
   */
  generate(
    prompt: string | readonly number[],
    options: GenerateOptions = {},
  ): AsyncGenerator<GeneratedToken, void, void> {
    return generate(this, prompt, options);
  }

  /**
   * Continues several texts at once, which together read the weights once for each step. When one
   * ends, the next prompt takes its place.
   *
   * Each text is what {@linkcode LanguageModel.generate} gives with an empty cache and the same
   * seed, to the letter up to 16 sequences; with more, and with weights that are not quantized,
   * sums are rounded otherwise. Keys and values of all sequences take memory of their own while the
   * loop runs. Seeds are each prompt's own, the batch's for all alike, or else from the clock.
   *
   * @param prompts texts, tokens, or either with options; taken one by one as places become free
   * @throws {QorusError} `out_of_range` when a prompt does not fit, `invalid_argument` for options
   * out of range, `out_of_memory` when there is no room for the sequences, `aborted` when the
   * signal ends all.
   *
   * @example
   * ```ts
   * import { load } from "@qorus/qorus";
   *
   * using llm = await load("model.gguf");
   * const prompts = ["Once upon a time", { prompt: "The sea", temperature: 0.8, seed: 1 }];
   * const texts = prompts.map(() => "");
   * for await (const { index, text } of llm.generateBatch(prompts, { maxTokens: 50 })) {
   *   texts[index] += text;
   * }
   * ```
   */
  generateBatch(
    prompts: Iterable<string | readonly number[] | BatchPrompt>,
    options: BatchOptions = {},
  ): AsyncGenerator<BatchToken, void, void> {
    return generateBatch(this, prompts, options);
  }

  /**
   * Logits behind every token of a sequence that starts at position 0. The result belongs to the
   * caller's scope.
   *
   * @returns f32 `[ids.length, vocabSize]`
   * @throws {QorusError} `out_of_range` for an empty sequence, one longer than the context, or ids
   * outside of the vocabulary.
   */
  forward(ids: readonly number[]): Tensor {
    checkLength("forward", ids.length, this.contextLength);
    this.resetCache();
    return this.compute(tensor(Int32Array.from(ids)), 0, this.cache.layers);
  }

  /**
   * Appends tokens to the cached sequence and returns the logits behind the last, `[1, vocabSize]`
   * f32 in the caller's scope. At most 512 at a time.
   */
  step(ids: ArrayLike<number>): Tensor {
    const start = this.cache.ids.length;
    const input = this.#take(ids);
    const logits = this.compute(input, start, this.cache.layers, { lastOnly: true });
    this.#remember(ids);
    return logits;
  }

  /**
   * Appends tokens to the cached sequence and returns the logits behind each, f32
   * `[ids.length, vocabSize]` in the caller's scope: to the bit what as many steps of one token
   * give. At most 8 at a time.
   */
  stepRows(ids: ArrayLike<number>): Tensor {
    const start = this.cache.ids.length;
    const input = this.#take(ids);
    for (let i = 0; i < ids.length; i++) {
      this.#placeValues[2 * i] = 0;
      this.#placeValues[2 * i + 1] = start + i;
    }
    const places = this.#places.slice(0, 0, ids.length);
    const logits = this.computeRows(input, places, this.cache.layers);
    this.#remember(ids);
    return logits;
  }

  #take(ids: ArrayLike<number>): Tensor {
    checkLength("generate", this.cache.ids.length + ids.length, this.contextLength);
    for (let i = 0; i < ids.length; i++) this.#idValues[i] = ids[i];
    return this.#ids.slice(0, 0, ids.length);
  }

  #remember(ids: ArrayLike<number>): void {
    for (let i = 0; i < ids.length; i++) this.cache.ids.push(ids[i]);
  }

  /**
   * Logits behind tokens of one sequence, whose keys and values go into a cache of the caller.
   *
   * @param ids i32 `[count]`
   * @param start position of the first
   * @param options `lastOnly`: logits behind the last token only
   * @returns f32 `[count, vocabSize]` or `[1, vocabSize]`
   */
  compute(
    ids: Tensor,
    start: number,
    layers: readonly AttentionCache[],
    options: { lastOnly?: boolean } = {},
  ): Tensor {
    const position = { start, ropeTable: ropeTable(this.#frequencies, start, ids.size) };
    return this.network.forward(ids, position, layers, options);
  }

  /**
   * Logits behind tokens of several sequences, as each would have them alone.
   *
   * @param ids i32 `[count]`
   * @param places i32 `[count, 2]`: slot and position of each, ascending
   * @param layers caches `[slots, keyValueHeads, capacity, headSize]`
   * @returns f32 `[count, vocabSize]`
   */
  computeRows(ids: Tensor, places: Tensor, layers: readonly AttentionCache[]): Tensor {
    const table = ropeTableRows(this.#frequencies, places);
    return this.network.forward(ids, { start: 0, ropeTable: table, places }, layers);
  }

  /** Most tokens that one {@linkcode LanguageModel.step} takes. */
  get chunkCapacity(): number {
    return chunkCapacity;
  }

  /** Renders a conversation as a prompt with the model's own template. */
  formatChat(messages: readonly ChatMessage[]): string {
    return renderChat(this.chatTemplate, messages, this.tokenizer);
  }

  /** Forgets the cached sequence. */
  resetCache(): void {
    this.generationCount++;
    this.cache.ids.length = 0;
  }

  /** Gives back the weights' maps, the cache and all else. */
  [Symbol.dispose](): void {
    this.isDisposed = true;
    this.generationCount++;
    this.#weights?.[Symbol.dispose]();
    this.#arena[Symbol.dispose]();
  }
}

/** Statistics of a generation that is about to begin. */
export function newStatistics(): GenerationStatistics {
  return {
    promptTokens: 0,
    cachedTokens: 0,
    prefillMilliseconds: 0,
    generatedTokens: 0,
    decodeMilliseconds: 0,
    proposedTokens: 0,
    acceptedTokens: 0,
  };
}

/** Where weights are exact, so is the cache; else half the memory is worth more. */
function cacheDtypeFor(checkpoint: Checkpoint): CacheDType {
  const matrices = [...checkpoint.tensors.values()].filter(({ shape }) => shape.length === 2);
  return matrices.every(({ dtype }) => dtype === "f32") ? "f32" : "f16";
}

function contextLengthOf(config: ModelConfig, options: LoadOptions): number {
  const wanted = options.contextLength ?? Math.min(config.contextLength, defaultContextLength);
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= config.contextLength) return wanted;
  throw new QorusError(
    "invalid_argument",
    `load: contextLength is ${wanted}, expected a whole number from 1 to ${config.contextLength}, ` +
      "the length that the model was trained for",
    { op: "load", field: "contextLength", given: wanted, expected: config.contextLength },
  );
}
