/**
 * Windows of stories as a data set.
 *
 * @module
 */

import type { Tokenizer, train } from "@qorus/qorus";
import { story } from "./stories.ts";

/** Stories that a window is made of; the last ones may not fit any more. */
const storiesPerWindow = 4;

/** Which stories are in the windows. */
export interface StoryWindowsOptions {
  readonly tokenizer: Tokenizer;
  /** The series of stories. */
  readonly seed: number;
  /** Ids of a window. */
  readonly windowLength: number;
  /** The first windows have the simplest stories, later ones those with many names. */
  readonly simpleWindows: number;
}

/**
 * Windows that start with a story and go on with others: `x` is a window, `y` the same window one
 * id later. Stories are written when they are asked for, so that none has to come twice.
 */
export class StoryWindows implements train.Dataset<"x" | "y"> {
  readonly fields: train.Fields<"x" | "y">;
  readonly #options: StoryWindowsOptions;

  /** Makes a data set of so many windows. */
  constructor(readonly length: number, options: StoryWindowsOptions) {
    this.#options = options;
    const field = { shape: [options.windowLength], dtype: "i32" } as const;
    this.fields = { x: field, y: field };
  }

  write(index: number, { x, y }: train.SampleMemory<"x" | "y">): void {
    const { tokenizer, seed, windowLength, simpleWindows } = this.#options;
    const ids: number[] = [];
    for (let i = 0; ids.length <= windowLength; i++) {
      const text = story(index * storiesPerWindow + i, seed, index >= simpleWindows);
      ids.push(...tokenizer.encode(text, { addBos: true, addEos: true }));
    }
    for (let i = 0; i < windowLength; i++) {
      x[i] = ids[i];
      y[i] = ids[i + 1];
    }
  }
}
