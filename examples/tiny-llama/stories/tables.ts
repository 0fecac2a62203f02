/**
 * Ways to write down what there is in stories.
 *
 * @module
 */

import type { Forms } from "./template.ts";

/** Nouns, some with a plural behind a slash, and adjectives that go with each of them. */
export function nouns(names: string, adjectives: string): readonly Forms[] {
  const fitting = adjectives.trim().split(/\s*\|\s*/);
  return names.trim().split(/\s*\|\s*/).flatMap((name) => {
    const [one, many = `${one}s`] = name.split("/");
    return fitting.map((adjective) => ({ one, many, adjective, full: `${adjective} ${one}` }));
  });
}

/** Places with the words that lead to them. */
export function places(names: string): readonly Forms[] {
  return names.trim().split(/\s*\|\s*/).map((place) => {
    const [, where, one] = /^(\w+) (.*)$/.exec(place)!;
    return { one, where: `${where} ${one}` };
  });
}

/** Rows of a table as forms; the first row names them. */
export function table(text: string): readonly Forms[] {
  const [head, ...rows] = text.trim().split("\n").map((row) => row.trim().split(/\s*\|\s*/));
  return rows.map((row) => Object.fromEntries(row.map((cell, i) => [head[i], cell])));
}
