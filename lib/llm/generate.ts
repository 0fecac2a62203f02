/**
 * The generation loop.
 *
 * @module
 */

import { scope } from "../core/scope.ts";
import { nextTurn, turnMilliseconds } from "../core/turn.ts";
import { QorusError } from "../native/error.ts";
import { Continuation } from "./continuation.ts";
import { type LanguageModel, newStatistics } from "./language_model.ts";
import { promptChunks, promptIds } from "./prompt.ts";
import { PromptLookup, promptLookupOptions } from "./prompt_lookup.ts";
import { sampleOptions } from "./sampler.ts";
import type { GeneratedToken, GenerateOptions } from "./types.ts";

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
  readonly #llm: LanguageModel;
  readonly #options: GenerateOptions;
  readonly #prompt: Uint32Array;
  readonly #number: number;
  readonly #text: Continuation;
  readonly #lookup: PromptLookup | undefined;
  /** The latest token, and room for those proposed behind it. */
  readonly #rows = new Uint32Array(8);
  /** Tokens that were chosen and not taken up yet. */
  readonly #chosen: number[] = [];

  constructor(llm: LanguageModel, prompt: string | readonly number[], options: GenerateOptions) {
    const sampling = sampleOptions(options);
    const { contextLength } = llm;
    this.#llm = llm;
    this.#options = options;
    this.#prompt = promptIds(llm, prompt);
    if (llm.weightsMayChange) llm.resetCache();
    this.#text = new Continuation(llm, this.#prompt, options, contextLength);
    const { seed = Date.now(), promptLookup = false } = options;
    if (promptLookup !== false) {
      const settings = promptLookupOptions(promptLookup);
      // The last token of a full context has no room in the cache, but here it has.
      this.#lookup = new PromptLookup(settings, this.#prompt, contextLength + 1);
    }
    this.#number = ++llm.generationCount;
    llm.sampler.start(sampling, seed, this.#prompt);
  }

  /** Whether the last token has been accepted. */
  get isOver(): boolean {
    return this.#text.endReason !== undefined;
  }

  /** Computes the prompt in chunks and chooses the first token; undefined when it ends the text. */
  async first(): Promise<GeneratedToken | undefined> {
    const llm = this.#llm;
    this.#check();
    // The last token of the prompt is always computed: its logits choose the next one.
    const cachedTokens = llm.cache.keepPrefix(this.#prompt.subarray(0, -1));
    const promptTokens = this.#prompt.length;
    llm.statistics = { ...newStatistics(), promptTokens, cachedTokens };
    const chunks = promptChunks(this.#prompt.subarray(cachedTokens));
    let start = performance.now();
    for (const chunk of chunks.slice(0, -1)) {
      this.#append(chunk);
      llm.statistics.prefillMilliseconds += performance.now() - start;
      await nextTurn();
      this.#check();
      start = performance.now();
    }
    using _ = scope();
    const id = llm.sampler.next(llm.step(chunks.at(-1)!));
    llm.statistics.prefillMilliseconds += performance.now() - start;
    return this.#accept(id);
  }

  #append(ids: Uint32Array): void {
    using _ = scope();
    this.#llm.step(ids);
  }

  /** Chooses the next token; undefined when it ends the text. */
  next(): GeneratedToken | undefined {
    this.#check();
    if (this.#chosen.length === 0) this.#compute();
    return this.#accept(this.#chosen.shift()!);
  }

  /** Computes the latest token, and those proposed behind it, and chooses what follows. */
  #compute(): void {
    const llm = this.#llm;
    const proposed = this.#lookup?.propose(this.#text.remainingTokens - 1) ?? 0;
    const start = performance.now();
    if (proposed > 0) {
      const accepted = this.#verify(proposed);
      llm.statistics.proposedTokens += proposed;
      llm.statistics.acceptedTokens += accepted;
      this.#lookup!.observeProposal(proposed, accepted, performance.now() - start);
    } else {
      using _ = scope();
      this.#chosen.push(llm.sampler.next(llm.step(this.#rows.subarray(0, 1))));
      this.#lookup?.observeStep(performance.now() - start);
    }
    llm.statistics.decodeMilliseconds += performance.now() - start;
  }

  /**
   * Computes proposed tokens together and chooses from the logits behind each as if it stood alone,
   * until the choice is not what was proposed. Returns how many were chosen.
   */
  #verify(proposed: number): number {
    using _ = scope();
    const { cache, sampler } = this.#llm;
    const { proposal } = this.#lookup!;
    const before = cache.ids.length;
    this.#rows.set(proposal.subarray(0, proposed), 1);
    const logits = this.#llm.stepRows(this.#rows.subarray(0, proposed + 1));
    let accepted = 0;
    while (true) {
      const id = sampler.next(logits.slice(0, accepted, accepted + 1));
      this.#chosen.push(id);
      if (accepted === proposed || id !== proposal[accepted] || this.#text.isEnd(id)) break;
      accepted++;
    }
    cache.ids.length = before + 1 + accepted;
    return accepted;
  }

  /** Takes a token up and gives the text that it completes; undefined when there is none. */
  #accept(id: number): GeneratedToken | undefined {
    const { statistics } = this.#llm;
    const token = this.#text.accept(id);
    this.#rows[0] = id;
    this.#lookup?.push(id);
    statistics.generatedTokens = this.#text.generatedTokens;
    const { endReason } = this.#text;
    if (endReason !== undefined) statistics.endReason = endReason;
    return endReason === "end token" && token.text === "" ? undefined : token;
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
