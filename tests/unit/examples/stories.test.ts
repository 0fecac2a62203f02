import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { plots, story } from "../../../examples/tiny-llama/stories.ts";
import { Choices } from "../../../examples/tiny-llama/stories/random.ts";
import { article, expand } from "../../../examples/tiny-llama/stories/template.ts";

/** Enough for each plot to come some seventy times. */
const texts = Array.from({ length: 4000 }, (_, i) => story(i, 1, i % 2 === 1));

/** What stands around matches of a pattern, to be read in a failure. */
function matches(pattern: RegExp): string[] {
  return texts.flatMap((text) =>
    [...text.matchAll(pattern)].map(({ index }) => text.slice(Math.max(0, index - 30), index + 30))
  );
}

test("stories: the same number and seed give the same story, others another one", () => {
  assertEquals(story(8), texts[8]);
  assertEquals(story(8, 1, false), texts[8]);
  assert(story(8, 2) !== texts[8]);
  assert(story(8, 1, true) !== texts[8]);
  assertEquals(new Set(texts).size, texts.length);
});

test("stories: templates leave nothing behind", () => {
  assertEquals(matches(/[{}[\]|/\\<>]|undefined|NaN/g), []);
  assertEquals(matches(/[^ -~\n]/g), []);
  assertEquals(matches(/ {2}|\n{3}| \n|\n | [,.!?]|[,.!?]{2}|^\s|\s$/g), []);
});

test("stories: articles fit the words behind them", () => {
  assertEquals(matches(/\ba (?!one|uni|use)[aeiou]/gi), []);
  assertEquals(matches(/\ban (?![aeiou]|hour|honest)/gi), []);
  assertEquals(matches(/\b(\w+) \1\b/gi), []);
});

test("stories: sentences begin with capital letters and end", () => {
  assertEquals(matches(/[.?] [a-z]/g), []);
  assertEquals(matches(/(?<!Boom)! [a-z]/g), []);
  assertEquals(matches(/(?:^|[.!?]"? )"[a-z]/g), []);
  for (const text of texts) assert(/[.!?]"?$/.test(text), text);
});

test("stories: quotes come in pairs in each paragraph", () => {
  for (const text of texts) {
    for (const paragraph of text.split("\n\n")) {
      assertEquals(paragraph.split('"').length % 2, 1, paragraph);
    }
  }
});

test("stories: they are of a length that a small model can learn", () => {
  const counts = texts.map((text) => text.split(/\s+/).length);
  assert(Math.min(...counts) >= 40 && Math.max(...counts) <= 200, `${Math.max(...counts)}`);
});

test("stories: every sentence of every plot can be told", () => {
  const told = texts.join("\n");
  assertEquals(new Set(plots.map(({ name }) => name)).size, plots.length);
  assert(plots.length >= 20);
  // Words that occur in one plot each.
  for (const word of ["hedgehog", "rainbow", "turnip", "telescope", "caterpillar", "snowman"]) {
    assert(told.includes(word), word);
  }
});

test("stories: pronouns fit those they stand for", () => {
  const pattern = /(girl|boy|princess|prince|fairy|wizard)(?: named (\w+))?\. (He|She|His|Her)\b/g;
  const found = texts.flatMap((text) => [...text.matchAll(pattern)]);
  assert(found.length > 100, `${found.length}`);
  for (const [all, kind, , pronoun] of found) {
    const isFemale = ["girl", "princess", "fairy"].includes(kind);
    assertEquals(["She", "Her"].includes(pronoun), isFemale, all);
  }
});

test("templates: choices, slots, capitals and articles", () => {
  const lookup = (name: string, form: string) =>
    name === "toy" ? { one: "ball", full: "old ball" }[form] : undefined;
  const write = (template: string) => expand(template, lookup, new Choices(1, 0));
  assertEquals(
    write("A {toy}, a {toy.full}  and\n a [hour|hour]."),
    "A ball, an old ball and an hour.",
  );
  assertEquals(write("{Toy}! {toy.Full}[|]"), "Ball! Old ball");
  assertEquals(write("[[x|x]|x] ,"), "x,");
  assertThrows(() => write("{nobody}"), RangeError, "nobody");
  assertThrows(() => write("[x"), RangeError);
  assertEquals(["apple", "unicorn", "hour", "egg", "used book"].map(article), [
    "an",
    "a",
    "an",
    "an",
    "a",
  ]);
});

test("choices: spread evenly, and differ by seed and index", () => {
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 10_000; i++) counts[new Choices(1, i).below(10)]++;
  for (const count of counts) assert(count > 850 && count < 1150, `${counts}`);
  assert(new Choices(1, 2).below(2 ** 32) !== new Choices(2, 1).below(2 ** 32));
});
