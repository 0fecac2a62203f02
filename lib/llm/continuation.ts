/**
 * What becomes of the tokens that are chosen: text, until something ends it.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import type { LanguageModel } from "./language_model.ts";
import { StopFilter } from "./stop_filter.ts";
import type { EndReason, GeneratedToken, SequenceOptions } from "./types.ts";

/** The text behind one prompt: turns tokens into characters and knows when it is over. */
export class Continuation {
  /** Tokens taken up, but for one that ends the text. */
  generatedTokens = 0;
  /** Why the text is over; undefined while it is not. */
  endReason: EndReason | undefined;
  readonly #llm: LanguageModel;
  readonly #maxTokens: number;
  /** Tokens that the context has room for. */
  readonly #room: number;
  readonly #filter: StopFilter;
  readonly #stream;

  /**
   * Begins behind a prompt.
   *
   * @param capacity tokens that the sequence has room for, prompt included
   */
  constructor(
    llm: LanguageModel,
    prompt: Uint32Array,
    { stop = [], maxTokens = Infinity }: SequenceOptions,
    capacity: number,
  ) {
    checkMaxTokens(maxTokens);
    const stops = stopTexts(stop);
    this.#llm = llm;
    this.#maxTokens = maxTokens;
    // The last token needs no room: it is not computed.
    this.#room = capacity - prompt.length + 1;
    this.#filter = new StopFilter(stops);
    this.#stream = llm.tokenizer.decodeStream({
      skipSpecial: true,
      continues: prompt.some((id) => id !== llm.tokenizer.beginToken),
    });
  }

  /** How many tokens can still follow. */
  get remainingTokens(): number {
    return Math.min(this.#maxTokens, this.#room) - this.generatedTokens;
  }

  /** Whether the model ends its text with this token. */
  isEnd(id: number): boolean {
    const { generation, tokenizer } = this.#llm;
    return generation.endTokens.includes(id) || tokenizer.endTokens.includes(id);
  }

  /** Takes a token up and gives the text that it completes. */
  accept(id: number): GeneratedToken {
    if (this.isEnd(id)) {
      this.endReason = "end token";
      // What was held back for a stop text that never came is still part of the text.
      return { id, text: this.#rest() };
    }
    this.generatedTokens++;
    let text = this.#filter.push(this.#stream.push(id));
    if (this.#filter.stopped) this.endReason = "stop text";
    else if (this.generatedTokens === this.#maxTokens) this.endReason = "token limit";
    else if (this.generatedTokens === this.#room) this.endReason = "context full";
    if (this.endReason !== undefined && !this.#filter.stopped) text += this.#rest();
    return { id, text };
  }

  #rest(): string {
    return this.#filter.push(this.#stream.flush()) + this.#filter.flush();
  }
}

function stopTexts(stop: string | readonly string[]): readonly string[] {
  const texts = typeof stop === "string" ? [stop] : stop;
  if (Array.isArray(texts) && texts.every((text) => typeof text === "string")) return texts;
  throw new QorusError(
    "invalid_argument",
    `generate: stop is ${JSON.stringify(stop)}, expected a text or a list of texts`,
    { op: "generate", field: "stop", given: stop },
  );
}

function checkMaxTokens(maxTokens: number): void {
  if (maxTokens === Infinity || (Number.isInteger(maxTokens) && maxTokens >= 1)) return;
  throw new QorusError(
    "invalid_argument",
    `generate: maxTokens is ${maxTokens}, expected a whole number of 1 or more`,
    { op: "generate", field: "maxTokens", given: maxTokens },
  );
}
