/**
 * The generation loop.
 *
 * @module
 */

import { scope } from "../core/scope.ts";
import { nextTurn } from "../core/turn.ts";
import { QorusError } from "../native/error.ts";
import { type LanguageModel, promptIds } from "./language_model.ts";
import { sampleOptions } from "./sampler.ts";
import { StopFilter } from "./stop_filter.ts";
import type { GeneratedToken, GenerateOptions, GenerationStatistics } from "./types.ts";

/** Timers, signals and other work of the program get their turn this often, in milliseconds. */
const turnMilliseconds = 8;

/** Continues a prompt token by token; see `LanguageModel.generate`. */
export async function* generate(
  llm: LanguageModel,
  prompt: string | readonly number[],
  options: GenerateOptions,
): AsyncGenerator<GeneratedToken, void, void> {
  const run = new Run(llm, prompt, options);
  let turn = performance.now();
  let token = await run.first();
  while (token !== undefined) {
    yield token;
    if (run.isOver) break;
    if (performance.now() - turn > turnMilliseconds) {
      await nextTurn();
      turn = performance.now();
    }
    token = run.next();
  }
}

/** One generation. */
class Run {
  /** Whether the last token has been accepted. */
  isOver = false;
  readonly #llm: LanguageModel;
  readonly #options: GenerateOptions;
  readonly #prompt: Uint32Array;
  readonly #number: number;
  readonly #filter: StopFilter;
  readonly #stream;
  readonly #last = new Uint32Array(1);

  constructor(llm: LanguageModel, prompt: string | readonly number[], options: GenerateOptions) {
    checkMaxTokens(options.maxTokens);
    const sampling = sampleOptions(options);
    this.#llm = llm;
    this.#options = options;
    this.#prompt = promptIds(llm, prompt);
    if (llm.weightsMayChange) llm.resetCache();
    this.#number = ++llm.generationCount;
    const { stop = [], seed = Date.now() } = options;
    this.#filter = new StopFilter(typeof stop === "string" ? [stop] : stop);
    this.#stream = llm.tokenizer.decodeStream({
      skipSpecial: true,
      continues: this.#prompt.some((id) => id !== llm.tokenizer.beginToken),
    });
    llm.sampler.start(sampling, seed, this.#prompt);
  }

  /** Computes the prompt in chunks and chooses the first token; undefined when it ends the text. */
  async first(): Promise<GeneratedToken | undefined> {
    const llm = this.#llm;
    this.#check();
    // The last token of the prompt is always computed: its logits choose the next one.
    const cachedTokens = llm.cache.keepPrefix(this.#prompt.subarray(0, -1));
    llm.statistics = {
      promptTokens: this.#prompt.length,
      cachedTokens,
      prefillMilliseconds: 0,
      generatedTokens: 0,
      decodeMilliseconds: 0,
    };
    let rest = this.#prompt.subarray(cachedTokens);
    let start = performance.now();
    for (; rest.length > llm.chunkCapacity; rest = rest.subarray(llm.chunkCapacity)) {
      this.#append(rest.subarray(0, llm.chunkCapacity));
      llm.statistics.prefillMilliseconds += performance.now() - start;
      await nextTurn();
      this.#check();
      start = performance.now();
    }
    using _ = scope();
    const id = llm.sampler.next(llm.step(rest));
    llm.statistics.prefillMilliseconds += performance.now() - start;
    return this.#accept(id);
  }

  #append(ids: Uint32Array): void {
    using _ = scope();
    this.#llm.step(ids);
  }

  /** Computes the latest token and chooses the next; undefined when it ends the text. */
  next(): GeneratedToken | undefined {
    const llm = this.#llm;
    this.#check();
    const start = performance.now();
    using _ = scope();
    const id = llm.sampler.next(llm.step(this.#last));
    llm.statistics.decodeMilliseconds += performance.now() - start;
    return this.#accept(id);
  }

  /** Takes a token up and gives the text that it completes. */
  #accept(id: number): GeneratedToken | undefined {
    const { statistics, cache, contextLength } = this.#llm;
    if (this.#isEnd(id)) {
      this.#end("end token");
      // What was held back for a stop text that never came is still part of the text.
      const text = this.#rest();
      return text === "" ? undefined : { id, text };
    }
    this.#last[0] = id;
    statistics.generatedTokens++;
    let text = this.#filter.push(this.#stream.push(id));
    if (this.#filter.stopped) this.#end("stop text");
    else if (statistics.generatedTokens === this.#options.maxTokens) this.#end("token limit");
    else if (cache.ids.length === contextLength) this.#end("context full");
    if (this.isOver && !this.#filter.stopped) text += this.#rest();
    return { id, text };
  }

  #rest(): string {
    return this.#filter.push(this.#stream.flush()) + this.#filter.flush();
  }

  #isEnd(id: number): boolean {
    const { generation, tokenizer } = this.#llm;
    return generation.endTokens.includes(id) || tokenizer.endTokens.includes(id);
  }

  #end(reason: GenerationStatistics["endReason"]): void {
    this.isOver = true;
    this.#llm.statistics.endReason = reason;
  }

  #check(): void {
    if (this.#llm.generationCount !== this.#number) {
      throw new QorusError(
        "invalid_argument",
        "generate: the model has begun another text or was disposed; one text at a time",
        { op: "generate" },
      );
    }
    if (!this.#options.signal?.aborted) return;
    this.#llm.statistics.endReason = "aborted";
    throw new QorusError("aborted", "generate: aborted by its signal", {
      op: "generate",
      cause: this.#options.signal.reason,
    });
  }
}

function checkMaxTokens(maxTokens: number | undefined): void {
  if (maxTokens === undefined || (Number.isInteger(maxTokens) && maxTokens >= 1)) return;
  throw new QorusError(
    "invalid_argument",
    `generate: maxTokens is ${maxTokens}, expected a whole number of 1 or more`,
    { op: "generate", field: "maxTokens", given: maxTokens },
  );
}
