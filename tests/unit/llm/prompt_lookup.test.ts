import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { PromptLookup, promptLookupOptions } from "../../../lib/llm/prompt_lookup.ts";

function lookupIn(ids: number[], options: { tokens?: number; ngramSize?: number } = {}) {
  return new PromptLookup(promptLookupOptions(options), Uint32Array.from(ids), 10_000);
}

/** What is proposed while right guesses cost nothing. */
function proposalOf(ids: number[], options = {}, most = 7): number[] {
  const lookup = lookupIn(ids, options);
  for (let i = 0; i < 10; i++) lookup.observeStep(1);
  for (let i = 0; i < 10; i++) lookup.observeProposal(7, 7, 1);
  return [...lookup.proposal.subarray(0, lookup.propose(most))];
}

test("prompt lookup: the longest recurrence counts, the latest of equals", () => {
  const ids = [1, 2, 3, 40, 41, 9, 2, 3, 50, 51, 8, 2, 3, 60, 61, 7, 1, 2, 3];
  assertEquals(proposalOf(ids, { ngramSize: 3, tokens: 2 }), [40, 41]);
  assertEquals(proposalOf(ids, { ngramSize: 2, tokens: 2 }), [60, 61]);
  assertEquals(proposalOf(ids, { ngramSize: 1, tokens: 3 }), [60, 61, 7]);
  assertEquals(proposalOf(ids, {}, 1), [40]);
  assertEquals(proposalOf(ids, {}, 0), []);
});

test("prompt lookup: nothing recurs, one token alone, very short texts", () => {
  assertEquals(proposalOf([1, 2, 3, 4, 5]), []);
  assertEquals(proposalOf([5, 1, 2, 3, 5]), []);
  assertEquals(proposalOf([5, 1, 2, 3, 5], { ngramSize: 1, tokens: 2 }), [1, 2]);
  assertEquals(proposalOf([]), []);
  assertEquals(proposalOf([1]), []);
  assertEquals(proposalOf([1, 1]), []);
});

test("prompt lookup: a text that goes in circles is gone on with beyond its end", () => {
  assertEquals(proposalOf([9, 1, 2, 3, 1, 2, 3, 1, 2]), [3, 1, 2, 3, 1, 2, 3]);
  assertEquals(proposalOf([7, 7, 7, 7]), [7, 7, 7, 7, 7, 7, 7]);
});

/** Generates with a row's cost and a chance that guesses are right; returns steps per token. */
function costOf(rowCost: number, isRight: (token: number) => boolean, tokens: number): number {
  const lookup = lookupIn([1, 2, 1, 2]);
  let spent = 0;
  let token = 0;
  while (token < tokens) {
    const proposed = lookup.propose(7);
    if (proposed === 0) {
      spent += 1;
      lookup.observeStep(10);
    }
    let accepted = 0;
    while (accepted < proposed && isRight(token + accepted)) accepted++;
    if (proposed > 0) {
      spent += 1 + proposed * rowCost;
      lookup.observeProposal(proposed, accepted, 10 * (1 + proposed * rowCost));
    }
    // The text keeps recurring, so that there is always something to propose.
    for (let i = 0; i <= accepted; i++) lookup.push(1 + (token + i) % 2);
    token += accepted + 1;
  }
  return spent / token;
}

test("prompt lookup: wrong guesses cost at most 5 %, right ones save", () => {
  for (const rowCost of [0.02, 0.1, 0.3, 1]) {
    const wrong = costOf(rowCost, () => false, 400);
    assert(wrong <= 1.05, `wrong guesses at ${rowCost} cost ${wrong}`);
    const sudden = costOf(rowCost, (token) => token < 100, 1000);
    assert(sudden <= 1.05, `guesses that go wrong at ${rowCost} cost ${sudden}`);
  }
  assert(costOf(0.02, () => true, 400) < 0.2);
  assert(costOf(0.1, () => true, 400) < 0.3);
  // Every fourth is wrong.
  assert(costOf(0.1, (token) => token % 4 > 0, 400) < 0.55);
  // Guesses that are right again are noticed.
  const recovered = costOf(0.1, (token) => token > 400, 2000);
  assert(recovered < 0.5, `${recovered}`);
});
