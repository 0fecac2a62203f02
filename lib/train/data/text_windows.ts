/**
 * Windows of a long text, for language models.
 *
 * @module
 */

import { wholeNumber } from "../../core/arguments.ts";
import { QorusError } from "../../native/error.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { Dataset, Fields, SampleMemory } from "./dataset.ts";

/** How a text is cut into windows. */
export interface TextWindowsOptions {
  /** Ids of a window. */
  readonly length: number;
  /** Ids from the start of a window to the start of the next. Default `length`. */
  readonly stride?: number;
  /** The vocabulary's size, which every id must be below. Default: not checked. */
  readonly vocabSize?: number;
}

const op = "TextWindows";

/**
 * Windows of a text's token ids: `x` is a window, `y` the same window one id later, which is what a
 * language model learns to predict; both i32 `[length]`.
 *
 * Windows start at every multiple of `stride`; what is left at the end of the text is not used. For
 * windows at random places, as nanoGPT takes them, use a stride of 1 and let the loader draw:
 *
 * @example
 * ```ts
 * import { loadTokenizer, train } from "@qorus/qorus";
 *
 * const tokenizer = loadTokenizer({ kind: "file", path: "tokenizer.json" });
 * const text = "Once upon a time. ".repeat(100);
 * const windows = train.TextWindows.fromText(text, tokenizer, { length: 64, stride: 1 });
 * using loader = new train.DataLoader(windows, { batchSize: 16, samplesPerEpoch: 16 * 100 });
 * for (const { x, y } of loader) console.log(x.shape, y.shape); // [16, 64], [16, 64]
 * ```
 */
export class TextWindows implements Dataset<"x" | "y"> {
  readonly length: number;
  readonly fields: Fields<"x" | "y">;
  /** Ids of a window. */
  readonly windowLength: number;
  /** Ids from the start of a window to the start of the next. */
  readonly stride: number;
  /** Ids of the text, two bytes each where they fit. */
  readonly ids: Uint16Array | Int32Array;

  /**
   * Takes a text's ids. A `Uint16Array` or `Int32Array` is not copied and must not change.
   *
   * @throws {QorusError} `invalid_argument` when the text is shorter than one window and the id
   * behind it; `out_of_range` for an id that cannot be one.
   */
  constructor(ids: ArrayLike<number>, options: TextWindowsOptions) {
    const { length, stride = length, vocabSize = 2 ** 31 } = options;
    for (const [field, value] of Object.entries({ length, stride, vocabSize })) {
      if (wholeNumber(value, field, op) >= 1) continue;
      throw new QorusError("invalid_argument", `${op}: ${field} is 0, expected at least 1`, {
        op,
        field,
        given: value,
      });
    }
    const largest = checkIds(ids, vocabSize);
    if (ids.length < length + 1) {
      throw new QorusError(
        "invalid_argument",
        `${op}: the text has ${ids.length} ids, a window of ${length} and the id behind it take ` +
          `${length + 1}: use a longer text or a smaller length`,
        { op, field: "length", given: length, expected: Math.max(0, ids.length - 1) },
      );
    }
    this.ids = keepSmall(ids, largest);
    this.windowLength = length;
    this.stride = stride;
    this.length = Math.floor((ids.length - length - 1) / stride) + 1;
    this.fields = {
      x: { shape: [length], dtype: "i32" },
      y: { shape: [length], dtype: "i32" },
    };
  }

  /** Windows of a text that a tokenizer encodes as a whole, without tokens around it. */
  static fromText(text: string, tokenizer: Tokenizer, options: TextWindowsOptions): TextWindows {
    const { vocabSize = tokenizer.vocabSize } = options;
    const ids = tokenizer.encode(text, { addBos: false, addEos: false });
    return new TextWindows(ids, { ...options, vocabSize });
  }

  write(index: number, { x, y }: SampleMemory<"x" | "y">): void {
    const { ids, windowLength } = this;
    const start = index * this.stride;
    for (let i = 0; i < windowLength; i++) {
      x[i] = ids[start + i];
      y[i] = ids[start + i + 1];
    }
  }
}

function checkIds(ids: ArrayLike<number>, vocabSize: number): number {
  let largest = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (!(Number.isInteger(id) && id >= 0 && id < vocabSize)) {
      throw new QorusError(
        "out_of_range",
        `${op}: id ${i} is ${id}, expected a whole number from 0 to ${vocabSize - 1}: ` +
          "encode the text with the tokenizer of the model",
        { op, field: "ids", given: id, expected: vocabSize },
      );
    }
    if (id > largest) largest = id;
  }
  return largest;
}

function keepSmall(ids: ArrayLike<number>, largest: number): Uint16Array | Int32Array {
  if (ids instanceof Uint16Array || ids instanceof Int32Array) return ids;
  return largest < 2 ** 16 ? Uint16Array.from(ids) : Int32Array.from(ids);
}
