/**
 * How much data a run goes through in a time.
 *
 * @module
 */

/**
 * Samples and tokens per second.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const throughput = new train.Throughput();
 * throughput.add({ samples: 128, seconds: 0.02 });
 * console.log(throughput.samplesPerSecond); // 6400
 * ```
 */
export class Throughput {
  #samples = 0;
  #tokens = 0;
  #seconds = 0;

  /** Takes in what was gone through in some seconds. */
  add(work: { samples: number; tokens?: number; seconds: number }): void {
    this.#samples += work.samples;
    this.#tokens += work.tokens ?? 0;
    this.#seconds += work.seconds;
  }

  /** Samples gone through. */
  get samples(): number {
    return this.#samples;
  }

  /** Tokens gone through; 0 where data is no text. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Seconds that it took. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Samples per second; 0 when there is nothing. */
  get samplesPerSecond(): number {
    return this.#seconds > 0 ? this.#samples / this.#seconds : 0;
  }

  /** Tokens per second; 0 when there is nothing. */
  get tokensPerSecond(): number {
    return this.#seconds > 0 ? this.#tokens / this.#seconds : 0;
  }

  /** Forgets everything. */
  reset(): void {
    this.#samples = 0;
    this.#tokens = 0;
    this.#seconds = 0;
  }
}
