/**
 * Windows of stories as a data set.
 *
 * @module
 */

import type { Tokenizer, train } from "@qorus/qorus";
import { story } from "./stories.ts";

/** Stories that a window is made of; the last ones may not fit any more. */
const storiesPerWindow = 4;

/**
 * Windows that start with a story and go on with others: `x` is a window, `y` the same window one
 * id later. Stories are written when they are asked for, so that none has to come twice.
 */
export class StoryWindows implements train.Dataset<"x" | "y"> {
  readonly fields: train.Fields<"x" | "y">;
  readonly #tokenizer: Tokenizer;
  readonly #seed: number;
  readonly #windowLength: number;

  /** `length` windows of `windowLength` ids out of the stories of `seed`. */
  constructor(
    readonly length: number,
    options: { tokenizer: Tokenizer; seed: number; windowLength: number },
  ) {
    this.#tokenizer = options.tokenizer;
    this.#seed = options.seed;
    this.#windowLength = options.windowLength;
    const field = { shape: [options.windowLength], dtype: "i32" } as const;
    this.fields = { x: field, y: field };
  }

  write(index: number, { x, y }: train.SampleMemory<"x" | "y">): void {
    const ids: number[] = [];
    for (let i = 0; ids.length <= this.#windowLength; i++) {
      const text = story(index * storiesPerWindow + i, this.#seed);
      ids.push(...this.#tokenizer.encode(text, { addBos: true, addEos: true }));
    }
    for (let i = 0; i < this.#windowLength; i++) {
      x[i] = ids[i];
      y[i] = ids[i + 1];
    }
  }
}
