/**
 * The first half of BPE training: how often each word occurs.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import { AddedTokenFinder } from "./added_tokens.ts";
import type { AddedToken } from "./definition.ts";
import type { Pace } from "./train_bpe_pace.ts";
import { compileLazySplit } from "./words.ts";

/** Text to train on: one text, or many, whose words never cross from one to the next. */
export type TrainingText = string | Iterable<string> | AsyncIterable<string>;

/** Words between two looks at the clock. */
const wordsPerLook = 4096;

function wrongText(given: unknown, expected: string): QorusError {
  const what = typeof given === "string" ? JSON.stringify(given) : typeof given;
  return new QorusError("invalid_argument", `trainBpe: the text is ${what}, expected ${expected}`, {
    op: "trainBpe",
    field: "text",
    given,
    expected,
  });
}

function textsOf(text: TrainingText): Iterable<string> | AsyncIterable<string> {
  if (typeof text === "string") return [text];
  const iterable = typeof text === "object" && text !== null &&
    (Symbol.iterator in text || Symbol.asyncIterator in text);
  if (!iterable) throw wrongText(text, "a string or an iterable of strings");
  return text;
}

/**
 * How often each word occurs in the text; added tokens are cut out and not counted.
 *
 * @throws QorusError `invalid_argument` where there is no text or a part of it is no string,
 * `unsupported` where the pattern has no translation to JavaScript, `aborted` by the pace's signal.
 */
export async function countWords(
  text: TrainingText,
  splitPattern: string,
  addedTokens: readonly AddedToken[],
  pace: Pace,
): Promise<Map<string, number>> {
  const split = compileLazySplit(splitPattern, "trainBpe", "splitPattern");
  const finder = new AddedTokenFinder(addedTokens);
  const total = typeof text === "string" ? text.length : undefined;
  const counts = new Map<string, number>();
  let done = 0;
  let words = 0;
  for await (const part of textsOf(text)) {
    if (typeof part !== "string") throw wrongText(part, "strings only");
    for (const plain of finder.split(part)) {
      if ("id" in plain) continue;
      let end = done + plain.start;
      for (const word of split(plain.text)) {
        counts.set(word, (counts.get(word) ?? 0) + 1);
        end += word.length;
        if (++words % wordsPerLook === 0 && pace.isDue) {
          await pace.pause({ phase: "counting", done: end, total });
        }
      }
    }
    done += part.length;
    if (pace.isDue) await pace.pause({ phase: "counting", done, total });
  }
  if (done === 0) throw wrongText("", "at least one character; look where it comes from");
  await pace.pause({ phase: "counting", done, total });
  return counts;
}
