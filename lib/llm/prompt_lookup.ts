/**
 * Guessing the next tokens by looking up the latest ones in prompt and text.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import type { PromptLookupOptions } from "./types.ts";

/** Most tokens proposed at a time: with the one before them, the rows that kernels take at once. */
const mostTokens = 7;
/** What every generated token allows to spend in vain, as a share of a step. */
const allowance = 0.02;
/** Most that a run of good guesses allows to spend in vain later, in steps. */
const mostCredit = 3;
/** Cost of a further row while none has been measured, as a share of a step. */
const expectedRowCost = 0.3;
/** Weight of the latest measurement. */
const newWeight = 0.2;

/** The settings that `true` and omitted fields stand for. */
export function promptLookupOptions(
  given: true | PromptLookupOptions,
): Required<PromptLookupOptions> {
  const { tokens = mostTokens, ngramSize = 3 } = given === true ? {} : given;
  checkRange("promptLookup.tokens", tokens, mostTokens);
  checkRange("promptLookup.ngramSize", ngramSize, 16);
  return { tokens, ngramSize };
}

function checkRange(field: string, given: number, most: number): void {
  if (Number.isInteger(given) && given >= 1 && given <= most) return;
  throw new QorusError(
    "invalid_argument",
    `generate: ${field} is ${given}, expected a whole number from 1 to ${most}`,
    { op: "generate", field, given, expected: most },
  );
}

/**
 * Proposes what followed the latest tokens when they last occurred (prompt lookup decoding, Saxena
 * 2023; speculative decoding, Leviathan et al. 2023).
 *
 * Proposals are a matter of time only, never of text. Rows that were computed for wrong guesses
 * cost time, right guesses save steps: an account of both, in steps, sees to it that guessing costs
 * at most some percent where it does not help.
 */
export class PromptLookup {
  /** The latest proposal; as many of its first elements count as {@linkcode propose} returned. */
  readonly proposal: Uint32Array;
  readonly #ngramSize: number;
  /** Prompt and text. */
  readonly #ids: Uint32Array;
  #count = 0;
  #credit = 1;
  /** Guesses that came true and all that were judged, older ones counting less. */
  #hits = 3;
  #guesses = 4;
  /** Time of a step with one row, in milliseconds; 0 before it is known. */
  #stepMilliseconds = 0;
  #rowCost = expectedRowCost;

  /**
   * Begins with a prompt.
   *
   * @param capacity most tokens of prompt and text together
   */
  constructor(options: Required<PromptLookupOptions>, prompt: Uint32Array, capacity: number) {
    this.proposal = new Uint32Array(options.tokens);
    this.#ngramSize = options.ngramSize;
    this.#ids = new Uint32Array(capacity);
    this.#ids.set(prompt);
    this.#count = prompt.length;
  }

  /** Takes up a token of the text. */
  push(id: number): void {
    this.#ids[this.#count++] = id;
    this.#credit = Math.min(mostCredit, this.#credit + allowance);
  }

  /** Fills {@linkcode proposal} with at most `most` tokens; returns how many are worth trying. */
  propose(most: number): number {
    const wanted = Math.min(most, this.#worthwhile());
    if (wanted < 1) return 0;
    const start = this.#continuation();
    if (start < 0) return 0;
    // What is proposed beyond the end repeats the proposal itself: the text may go in circles.
    for (let i = 0; i < wanted; i++) {
      const from = start + i;
      this.proposal[i] = from < this.#count ? this.#ids[from] : this.proposal[from - this.#count];
    }
    return wanted;
  }

  /** Tells how a step without a proposal went. */
  observeStep(milliseconds: number): void {
    // Other programs make steps look slow, and further rows cheap: longer times count for less.
    const known = this.#stepMilliseconds;
    this.#stepMilliseconds = known === 0 || milliseconds < known
      ? blend(known, milliseconds, 0.5)
      : blend(known, Math.min(milliseconds, 2 * known), 0.05);
  }

  /** Tells how a proposal went. */
  observeProposal(proposed: number, accepted: number, milliseconds: number): void {
    if (this.#stepMilliseconds > 0) {
      const cost = (milliseconds / this.#stepMilliseconds - 1) / proposed;
      this.#rowCost = blend(this.#rowCost, Math.min(Math.max(cost, 0.01), 2), newWeight);
    }
    this.#credit += accepted - proposed * this.#rowCost;
    this.#credit = Math.min(mostCredit, this.#credit);
    const kept = 1 - newWeight;
    this.#hits = kept * this.#hits + accepted;
    this.#guesses = kept * this.#guesses + Math.min(proposed, accepted + 1);
  }

  /** How many tokens promise more than they cost, as far as the account allows. */
  #worthwhile(): number {
    const rate = this.#hits / this.#guesses;
    let count = 1;
    let chance = rate * rate;
    while (count < this.proposal.length && chance > this.#rowCost) {
      count++;
      chance *= rate;
    }
    return Math.min(count, Math.floor(this.#credit / this.#rowCost));
  }

  /**
   * Where the longest recurrence of the latest tokens goes on, the latest of equals; -1 where fewer
   * than two recur.
   */
  #continuation(): number {
    const ids = this.#ids;
    const end = this.#count - 1;
    const last = ids[end];
    let best = -1;
    let longest = Math.min(2, this.#ngramSize) - 1;
    for (let i = end - 1; i >= 0; i--) {
      if (ids[i] !== last) continue;
      let length = 1;
      while (length < this.#ngramSize && length <= i && ids[i - length] === ids[end - length]) {
        length++;
      }
      if (length <= longest) continue;
      best = i + 1;
      longest = length;
      if (length === this.#ngramSize) break;
    }
    return best;
  }
}

function blend(known: number, latest: number, weight: number): number {
  return known === 0 ? latest : known + weight * (latest - known);
}
