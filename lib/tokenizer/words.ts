/**
 * Rewrites text and cuts it into the words that merges stay inside of.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import type { SplitStep, TextStep } from "./definition.ts";
import { translatePattern } from "./split_pattern.ts";

/** The error where an engine gives up (a RangeError): it would need too much memory. */
function patternFailed(
  what: string,
  text: string,
  details: { readonly op: string; readonly path?: string; readonly cause: unknown },
): QorusError {
  return new QorusError(
    "invalid_argument",
    `${details.op}: ${what} failed on a text of ${text.length} characters; give it smaller parts`,
    details,
  );
}

function guarded<T>(run: () => T, pattern: string, path: string, text: string): T {
  try {
    return run();
  } catch (cause) {
    throw patternFailed(`the pattern ${pattern} of ${path}`, text, { op: "encode", path, cause });
  }
}

/** A text rewriting, ready to run; `first` says that the text starts what was encoded. */
export type TextRewriter = (text: string, first: boolean) => string;

function rewriterOf(step: TextStep, path: string): TextRewriter {
  switch (step.type) {
    case "prepend":
      return (text, first) =>
        text === "" || (step.onlyFirst && !first) ||
          (step.unlessPresent && text.startsWith(step.text))
          ? text
          : step.text + text;
    case "replace": {
      if (!step.regex) return (text) => text.replaceAll(step.from, () => step.to);
      const pattern = translatePattern(step.from, path, "normalizer");
      return (text) => guarded(() => text.replace(pattern, () => step.to), step.from, path, text);
    }
    case "unicode":
      return (text) => text.normalize(step.form);
    case "lowercase":
      return (text) => text.toLowerCase();
  }
}

/** All steps as one function. */
export function compileSteps(steps: readonly TextStep[], path: string): TextRewriter {
  const rewriters = steps.map((step) => rewriterOf(step, path));
  return (text, first) => rewriters.reduce((result, rewrite) => rewrite(result, first), text);
}

/** Cuts text into words. */
export type WordSplitter = (text: string) => readonly string[];

/** Matches and the text between them, in order, with an empty text nowhere. */
function* cut(text: string, pattern: RegExp, keep: SplitStep["keep"]): Generator<string> {
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (keep !== "matches" && match.index > end) yield text.slice(end, match.index);
    if (keep !== "gaps" && match[0] !== "") yield match[0];
    end = match.index + match[0].length;
  }
  if (keep !== "matches" && end < text.length) yield text.slice(end);
}

function split(text: string, pattern: RegExp, keep: SplitStep["keep"]): readonly string[] {
  if (keep !== "isolated") return [...cut(text, pattern, keep)];
  // Patterns of language models match every character, and `match` is the fastest way.
  const words = text.match(pattern) ?? [];
  let length = 0;
  for (const word of words) length += word === "" ? -Infinity : word.length;
  return length === text.length ? words : [...cut(text, pattern, keep)];
}

function splitterOf(step: SplitStep, path: string): WordSplitter {
  const pattern = translatePattern(step.pattern, path, "pre_tokenizer");
  return (text) => guarded(() => split(text, pattern, step.keep), step.pattern, path, text);
}

/** All splits, each cutting the words of the one before. */
export function compileSplits(splits: readonly SplitStep[], path: string): WordSplitter {
  const splitters = splits.map((step) => splitterOf(step, path));
  return (text) => {
    let words: readonly string[] = [text];
    for (const splitter of splitters) {
      words = words.length === 1 ? splitter(words[0]) : words.flatMap(splitter);
    }
    return words;
  };
}

/**
 * A pattern that cuts text into words one by one, without a list of them all: for long texts.
 *
 * `op` and `option` say in messages who was given the pattern.
 */
export function compileLazySplit(
  pattern: string,
  op: string,
  option: string,
): (text: string) => Generator<string> {
  const translated = translatePattern(pattern, op, option);
  return function* (text) {
    try {
      yield* cut(text, translated, "isolated");
    } catch (cause) {
      throw patternFailed(`the pattern ${pattern}`, text, { op, cause });
    }
  };
}
