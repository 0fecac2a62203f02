import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { StopFilter } from "../../../lib/llm/stop_filter.ts";

function run(stops: string[], pieces: string[]): [string, boolean] {
  const filter = new StopFilter(stops);
  let text = "";
  for (const piece of pieces) {
    text += filter.push(piece);
    if (filter.stopped) return [text, true];
  }
  return [text + filter.flush(), false];
}

test("StopFilter: text without stops passes at once", () => {
  assertEquals(run([], ["a", "b"]), ["ab", false]);
  assertEquals(run([""], ["a", "b"]), ["ab", false]);
});

test("StopFilter: a stop text is found across pieces and never shown", () => {
  assertEquals(run(["END"], ["one E", "N", "D two"]), ["one ", true]);
  assertEquals(run(["END"], ["EN", "EN", "D"]), ["EN", true]);
  assertEquals(run(["END"], ["the EN", "d"]), ["the ENd", false]);
  assertEquals(run(["END"], ["the EN"]), ["the EN", false]);
});

test("StopFilter: the first of several stop texts counts", () => {
  assertEquals(run(["two", "one"], ["zero one two"]), ["zero ", true]);
  assertEquals(run(["aab", "ab"], ["xaab"]), ["x", true]);
});

test("StopFilter: what may become a stop text is held back", () => {
  const filter = new StopFilter(["\n\n"]);
  assertEquals(filter.push("a\n"), "a");
  assertEquals(filter.push("b"), "\nb");
});
