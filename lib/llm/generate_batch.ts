/**
 * Generation of several texts at once.
 *
 * @module
 */

import { scope } from "../core/scope.ts";
import { nextTurn, turnMilliseconds } from "../core/turn.ts";
import { QorusError } from "../native/error.ts";
import { BatchCache } from "./batch_cache.ts";
import { Continuation } from "./continuation.ts";
import { type LanguageModel, newStatistics } from "./language_model.ts";
import { promptChunks, promptIds } from "./prompt.ts";
import { sampleOptions, type Sampler } from "./sampler.ts";
import type { BatchOptions, BatchPrompt, BatchToken, GenerationStatistics } from "./types.ts";

/** Sequences that are computed together unless asked otherwise. */
const defaultSequences = 8;
/** Most of them: beyond, steps are computations and no longer reading of weights. */
const mostSequences = 256;

/** A prompt as it is given. */
type GivenPrompt = string | readonly number[] | BatchPrompt;

/** Continues several prompts; see `LanguageModel.generateBatch`. */
export async function* generateBatch(
  llm: LanguageModel,
  prompts: Iterable<GivenPrompt>,
  options: BatchOptions,
): AsyncGenerator<BatchToken, void, void> {
  using batch = new Batch(llm, prompts, options);
  let turn = performance.now();
  while (true) {
    // A sequence may end with its first token and leave its place to the next.
    for (let token = await batch.start(); token !== undefined; token = await batch.start()) {
      yield token;
    }
    if (batch.isEmpty) break;
    for (const token of batch.step()) yield token;
    if (performance.now() - turn <= turnMilliseconds) continue;
    await nextTurn();
    turn = performance.now();
  }
}

/** A sequence that is being continued. */
interface Sequence {
  readonly index: number;
  readonly text: Continuation;
  readonly sampler: Sampler;
  /** The latest token, not computed yet. */
  last: number;
  /** Where it stands. */
  position: number;
}

/** The sequences of one call. */
class Batch implements Disposable {
  readonly #llm: LanguageModel;
  readonly #options: BatchOptions;
  readonly #capacity: number;
  readonly #prompts: Iterator<GivenPrompt>;
  readonly #cache: BatchCache;
  /** What runs in each slot. */
  readonly #sequences: (Sequence | undefined)[];
  readonly #statistics: GenerationStatistics = newStatistics();
  readonly #seed = Date.now();
  #promptCount = 0;

  constructor(llm: LanguageModel, prompts: Iterable<GivenPrompt>, options: BatchOptions) {
    const { sequences = defaultSequences, contextLength = llm.contextLength } = options;
    checkPrompts(prompts);
    checkWhole("sequences", sequences, mostSequences);
    checkWhole("contextLength", contextLength, llm.contextLength);
    this.#llm = llm;
    this.#options = options;
    this.#capacity = contextLength;
    this.#check();
    this.#prompts = prompts[Symbol.iterator]();
    this.#cache = new BatchCache(llm, sequences, contextLength);
    this.#sequences = Array.from({ length: sequences });
    llm.statistics = this.#statistics;
  }

  /** Whether no sequence runs. */
  get isEmpty(): boolean {
    return this.#sequences.every((sequence) => sequence === undefined);
  }

  /** Begins the next prompt in a free slot: its first token; undefined without either. */
  async start(): Promise<BatchToken | undefined> {
    const slot = this.#sequences.indexOf(undefined);
    if (slot < 0) return undefined;
    const { value, done } = this.#prompts.next();
    if (done === true) return undefined;
    const index = this.#promptCount++;
    const given: BatchPrompt = typeof value !== "object" || !("prompt" in value)
      ? { prompt: value }
      : value;
    const { prompt, ...own } = given;
    const options = { seed: this.#seed + index, ...defined(this.#options), ...defined(own) };
    const sampling = sampleOptions(options);
    const ids = promptIds(this.#llm, prompt, this.#capacity);
    const text = new Continuation(this.#llm, ids, options, this.#capacity);
    const sampler = this.#cache.samplers[slot];
    sampler.start(sampling, options.seed, ids);
    const last = await this.#prefill(slot, ids, sampler);
    this.#statistics.promptTokens += ids.length;
    return this.#accept(slot, { index, text, sampler, last, position: ids.length - 1 }, last);
  }

  /** Computes a prompt in chunks and chooses the token behind it. */
  async #prefill(slot: number, ids: Uint32Array, sampler: Sampler): Promise<number> {
    const chunks = promptChunks(ids);
    let position = 0;
    for (const chunk of chunks.slice(0, -1)) {
      this.#check();
      this.#prefillChunk(slot, chunk, position);
      position += chunk.length;
      await nextTurn();
    }
    this.#check();
    return this.#prefillChunk(slot, chunks.at(-1)!, position, sampler);
  }

  #prefillChunk(slot: number, ids: Uint32Array, position: number, sampler?: Sampler): number {
    const start = performance.now();
    using _ = scope();
    const logits = this.#cache.prefill(slot, ids, position);
    const id = sampler?.next(logits) ?? 0;
    this.#statistics.prefillMilliseconds += performance.now() - start;
    return id;
  }

  /** Computes the latest token of every sequence and chooses what follows. */
  step(): BatchToken[] {
    this.#check();
    const start = performance.now();
    let count = 0;
    for (const [slot, sequence] of this.#sequences.entries()) {
      if (sequence === undefined) continue;
      this.#cache.setRow(count++, sequence.last, slot, sequence.position);
    }
    using _ = scope();
    const logits = this.#cache.step(count);
    const tokens: BatchToken[] = [];
    for (const [slot, sequence] of this.#sequences.entries()) {
      if (sequence === undefined) continue;
      const row = tokens.length;
      const id = sequence.sampler.next(logits.slice(0, row, row + 1));
      tokens.push(this.#accept(slot, sequence, id));
    }
    this.#statistics.decodeMilliseconds += performance.now() - start;
    return tokens;
  }

  /** Takes a token up; a sequence that ends with it leaves its slot. */
  #accept(slot: number, sequence: Sequence, id: number): BatchToken {
    const { index, text } = sequence;
    const before = text.generatedTokens;
    const token = text.accept(id);
    this.#statistics.generatedTokens += text.generatedTokens - before;
    sequence.last = id;
    sequence.position++;
    const { endReason } = text;
    this.#sequences[slot] = endReason === undefined ? sequence : undefined;
    return endReason === undefined ? { index, ...token } : { index, ...token, endReason };
  }

  #check(): void {
    if (this.#llm.isDisposed) {
      throw new QorusError("invalid_argument", "generateBatch: the model was disposed", {
        op: "generateBatch",
      });
    }
    const { signal } = this.#options;
    if (!signal?.aborted) return;
    this.#statistics.endReason = "aborted";
    throw new QorusError("aborted", "generateBatch: aborted by its signal", {
      op: "generateBatch",
      cause: signal.reason,
    });
  }

  /** Gives the sequences' memory back, and tells the prompts that no more are wanted. */
  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
    this.#prompts.return?.();
  }
}

/** Options without those that are undefined, which stand for "not given". */
function defined<T extends object>(options: T): T {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as T;
}

/** A text is a list of characters, too: one prompt each would be a surprise. */
function checkPrompts(prompts: Iterable<GivenPrompt>): void {
  if (typeof prompts !== "string" && typeof prompts?.[Symbol.iterator] === "function") return;
  throw new QorusError(
    "invalid_argument",
    `generateBatch: prompts are ${JSON.stringify(prompts)}, expected a list such as ["The sea"]`,
    { op: "generateBatch", field: "prompts", given: prompts },
  );
}

function checkWhole(field: string, given: number, most: number): void {
  if (Number.isInteger(given) && given >= 1 && given <= most) return;
  throw new QorusError(
    "invalid_argument",
    `generateBatch: ${field} is ${given}, expected a whole number from 1 to ${most}`,
    { op: "generateBatch", field, given, expected: most },
  );
}
