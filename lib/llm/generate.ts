/**
 * The generation loop.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { scope } from "../core/scope.ts";
import { QorusError } from "../native/error.ts";
import { type LanguageModel, prefill, promptIds } from "./language_model.ts";
import { sampleOptions } from "./sampler.ts";
import { StopFilter } from "./stop_filter.ts";
import type { GeneratedToken, GenerateOptions } from "./types.ts";

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
  for (let id = run.first(); id !== undefined; id = run.next()) {
    const token = run.accept(id);
    yield token;
    if (run.isOver) break;
    if (performance.now() - turn > turnMilliseconds) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      turn = performance.now();
    }
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
    this.#number = ++llm.generationCount;
    const { stop = [], seed = Date.now() } = options;
    this.#filter = new StopFilter(typeof stop === "string" ? [stop] : stop);
    this.#stream = llm.tokenizer.decodeStream({
      skipSpecial: true,
      continues: this.#prompt.some((id) => id !== llm.tokenizer.beginToken),
    });
    llm.sampler.start(sampling, seed, this.#prompt);
  }

  /** Computes the prompt and chooses the first token. */
  first(): number | undefined {
    const llm = this.#llm;
    this.#check();
    // The last token of the prompt is always computed: its logits choose the next one.
    const cachedTokens = llm.cache.keepPrefix(this.#prompt.subarray(0, -1));
    const start = performance.now();
    using _ = scope();
    const logits = prefill(llm, this.#prompt.subarray(cachedTokens));
    const id = llm.sampler.next(logits);
    llm.statistics = {
      promptTokens: this.#prompt.length,
      cachedTokens,
      prefillMilliseconds: performance.now() - start,
      generatedTokens: 0,
      decodeMilliseconds: 0,
    };
    return this.#unlessEnded(id);
  }

  /** Computes the latest token and chooses the next. */
  next(): number | undefined {
    const llm = this.#llm;
    this.#check();
    const start = performance.now();
    using _ = scope();
    const id = llm.sampler.next(llm.step(this.#last));
    llm.statistics.decodeMilliseconds += performance.now() - start;
    return this.#unlessEnded(id);
  }

  /** Takes a token up and gives the text that it completes. */
  accept(id: number): GeneratedToken {
    const { statistics, cache, contextLength } = this.#llm;
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

  #unlessEnded(id: number): number | undefined {
    const { generation, tokenizer, statistics } = this.#llm;
    if (!generation.endTokens.includes(id) && !tokenizer.endTokens.includes(id)) return id;
    statistics.endReason = "end token";
    return undefined;
  }

  #end(reason: "stop text" | "token limit" | "context full"): void {
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
