/**
 * Random text of every kind: letters, marks, runs, line ends, any assigned character.
 *
 * @module
 */

import { randomNumbers } from "./tokenizer_files.ts";

const fragments = [
  ..." ",
  ..."\n\t.,-'",
  "\r\n",
  "   ",
  "the",
  " and",
  "don't",
  "WE'LL",
  "1984",
  "½",
  "\u00a0",
  "\u2003",
  "\u0085",
  "\ufeff",
  "\u0000",
  "é",
  "e\u0301",
  "ß",
  "日本語",
  "привет",
  "😀",
  "👩‍🚀",
  "----",
  "\ufffd",
];

/** A character that Unicode has had for long; runtimes differ in what is newer. */
function randomCharacter(next: () => number): string {
  const ranges = [[0x20, 0x7e], [0xa0, 0x24f], [0x400, 0x4ff], [0x4e00, 0x9fff], [
    0x1f300,
    0x1f5ff,
  ]];
  const [first, last] = ranges[next() % ranges.length];
  return String.fromCodePoint(first + next() % (last - first + 1));
}

/** Texts of up to 200 characters and fragments, the same for the same seed. */
export function randomTexts(seed: number, count: number): string[] {
  const next = randomNumbers(seed * 7919);
  return Array.from({ length: count }, () => {
    const parts = Array.from(
      { length: next() % 200 },
      () => next() % 3 === 0 ? randomCharacter(next) : fragments[next() % fragments.length],
    );
    return parts.join("");
  });
}
