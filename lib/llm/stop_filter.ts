/**
 * Holding back text that may become a stop text.
 *
 * @module
 */

/** Passes text on, except what is or may become a stop text. */
export class StopFilter {
  readonly #stops: readonly string[];
  #held = "";
  /** Whether a stop text was met. */
  stopped = false;

  /** Stops at any of these texts; empty ones are ignored. */
  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop.length > 0);
  }

  /** Takes text and gives what surely comes before any stop text. */
  push(text: string): string {
    this.#held += text;
    let end = this.#held.length;
    for (const stop of this.#stops) {
      const found = this.#held.indexOf(stop);
      if (found < 0 || found >= end && this.stopped) continue;
      end = Math.min(end, found);
      this.stopped = true;
    }
    if (!this.stopped) end -= this.#partialLength();
    const passed = this.#held.slice(0, end);
    this.#held = this.stopped ? "" : this.#held.slice(end);
    return passed;
  }

  /** The text held back, which turned out to be ordinary. */
  flush(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }

  /** Length of the longest end of the held text that a stop text begins with. */
  #partialLength(): number {
    let longest = 0;
    for (const stop of this.#stops) {
      const most = Math.min(stop.length - 1, this.#held.length);
      for (let length = most; length > longest; length--) {
        if (this.#held.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
