/**
 * The merge loop against a plain one, and its number of steps.
 *
 * @module
 */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Merger } from "../../../lib/tokenizer/merge.ts";
import { ListedMerges, type MergeRules } from "../../../lib/tokenizer/merge_rules.ts";
import { randomNumbers } from "../../support/tokenizer_files.ts";

/** Joins the most urgent, leftmost pair by looking at all of them each time. */
function mergePlainly(rules: MergeRules, symbols: readonly number[]): number[] {
  const left = [...symbols];
  for (;;) {
    let best = -1;
    let bestRank = Infinity;
    for (let index = 0; index + 1 < left.length; index++) {
      const join = rules.find(left[index], left[index + 1]);
      if (join >= 0 && rules.ranks[join] < bestRank) [best, bestRank] = [index, rules.ranks[join]];
    }
    if (best < 0) return left;
    left.splice(best, 2, rules.merged[rules.find(left[best], left[best + 1])]);
  }
}

function merge(merger: Merger, symbols: readonly number[]): { ids: number[]; starts: number[] } {
  const ids = Int32Array.from(symbols);
  const starts = new Uint32Array(symbols.length);
  const count = merger.merge(ids, starts, symbols.length);
  return { ids: [...ids.subarray(0, count)], starts: [...starts.subarray(0, count)] };
}

/** Merges of random pairs out of what earlier merges made. */
function randomRules(next: () => number, letters: number, count: number): MergeRules {
  const triples: number[] = [];
  for (let merge = 0; merge < count; merge++) {
    const known = letters + merge;
    triples.push(next() % known, next() % known, known);
  }
  return new ListedMerges(Uint32Array.from(triples));
}

test("merge: joins what looking at every pair joins", () => {
  const next = randomNumbers(7);
  for (let round = 0; round < 300; round++) {
    const letters = 1 + next() % 4;
    const rules = randomRules(next, letters, 1 + next() % 12);
    const merger = new Merger(rules);
    for (let text = 0; text < 4; text++) {
      const symbols = Array.from({ length: next() % 40 }, () => next() % (letters + 1) - 1);
      assertEquals(merge(merger, symbols).ids, mergePlainly(rules, symbols));
    }
  }
});

test("merge: equal ranks join from the left", () => {
  const rules: MergeRules = {
    find: (left, right) => left === 0 && right === 0 ? 0 : -1,
    ranks: Uint32Array.of(5),
    merged: Uint32Array.of(1),
  };
  assertEquals(merge(new Merger(rules), [0, 0, 0]), { ids: [1, 0], starts: [0, 2] });
});

test("merge: unknown symbols stay, and nothing joins across them", () => {
  const rules = new ListedMerges(Uint32Array.of(0, 0, 1));
  const merged = merge(new Merger(rules), [0, -1, 0, 0, -1]);
  assertEquals(merged, { ids: [0, -1, 1, -1], starts: [0, 1, 2, 4] });
});

test("merge: nothing and one symbol", () => {
  const merger = new Merger(new ListedMerges(Uint32Array.of(0, 0, 1)));
  assertEquals(merge(merger, []).ids, []);
  assertEquals(merge(merger, [0]).ids, [0]);
});

test("merge: a repeated letter takes n log n comparisons", () => {
  // Doubling merges, as large vocabularies have for spaces: 2, 4, 8 ... letters.
  const triples = Array.from({ length: 8 }, (_, level) => [level, level, level + 1]).flat();
  for (const length of [1_000, 10_000, 100_000]) {
    const merger = new Merger(new ListedMerges(Uint32Array.from(triples)));
    const { ids } = merge(merger, new Array<number>(length).fill(0));
    assertEquals(ids.reduce((total, id) => total + 2 ** id, 0), length);
    const bound = 8 * length * Math.log2(length);
    assert(merger.comparisons < bound, `${merger.comparisons} for ${length}, limit ${bound}`);
  }
});

test("merge: random text takes n log n comparisons", () => {
  const next = randomNumbers(11);
  const rules = randomRules(next, 3, 40);
  for (const length of [1_000, 10_000, 100_000]) {
    const merger = new Merger(rules);
    merge(merger, Array.from({ length }, () => next() % 3));
    const bound = 8 * length * Math.log2(length);
    assert(merger.comparisons < bound, `${merger.comparisons} for ${length}, limit ${bound}`);
  }
});
