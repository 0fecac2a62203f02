/**
 * Patterns of other dialects, translated.
 *
 * @module
 */

import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../lib/native/error.ts";
import {
  cl100kPattern,
  gpt2Pattern,
  llama3Pattern,
  o200kPattern,
  qwen2Pattern,
} from "../../../lib/tokenizer/pre_tokenizer_names.ts";
import { literalPattern, translatePattern } from "../../../lib/tokenizer/split_pattern.ts";
import { compileSplits } from "../../../lib/tokenizer/words.ts";

function matches(pattern: string, text: string): string[] {
  return text.match(translatePattern(pattern, "test", "pattern")) ?? [];
}

test("pattern: white space is Unicode's, not JavaScript's", () => {
  assertEquals(matches("\\s", "a\u0085b\ufeffc\u2003"), ["\u0085", "\u2003"]);
  assertEquals(matches("[^\\s]+", "a\u0085b"), ["a", "b"]);
});

test("pattern: possessive quantifiers give nothing back", () => {
  assertEquals(matches("a++a", "aaa"), []);
  assertEquals(matches("a+a", "aaa"), ["aaa"]);
  assertEquals(matches("x?+x", "x"), []);
  assertEquals(matches("a{1,2}+a", "aaa"), ["aaa"]);
  assertEquals(matches("(?>a|ab)c", "abc"), []);
});

test("pattern: case is ignored inside of (?i:) only", () => {
  assertEquals(matches("'(?i:s|LL)|x", "'S 'll 'LL X x"), ["'S", "'ll", "'LL", "x"]);
});

test("pattern: escapes that the u flag forbids", () => {
  assertEquals(matches("[\\!\\-\\\"]\\'\\#", "-'#"), ["-'#"]);
  assertEquals(matches("}\\x41\\x{42}\\u0043{,2}", "}ABCC"), ["}ABCC"]);
  assertEquals(matches("\\pL\\p{^L}\\P{Han}\\p{Han}", "a1b中"), ["a1b中"]);
  assertEquals(matches("[]a]+", "]a]"), ["]a]"]);
});

test("pattern: what has no translation is an error naming it", () => {
  const patterns = ["\\h", "(?P<a>x)", "[a[b]]", "[a&&b]", "(", ")", "[a", "a\\", "*a", "\\1"];
  for (const pattern of [...patterns, "\\p{Nothing}", "(?i)a", "\\b", "(".repeat(1e5)]) {
    const error = assertThrows(() => translatePattern(pattern, "f.json", "split"), QorusError);
    assertEquals([error.code, error.path, error.field], ["unsupported", "f.json", "split"]);
  }
});

test("pattern: a literal text matches itself", () => {
  const text = "a.b*c(d)[e]{f}|g^h$i\\j?k+l";
  assertEquals(matches(literalPattern(text), `x${text}y`), [text]);
});

test("words: each family cuts as its reference does", () => {
  const cut = (pattern: string, text: string) =>
    compileSplits([{ pattern, keep: "isolated" }], "test")(text).join("|");
  const text = "I'M  he's 12345 ok!\n\n x";
  assertEquals(cut(gpt2Pattern, text), "I|'|M| | he|'s| 12345| ok|!|\n\n| x");
  assertEquals(cut(llama3Pattern, text), "I|'M| | he|'s| |123|45| ok|!\n\n| x");
  assertEquals(cut(qwen2Pattern, text), "I|'M| | he|'s| |1|2|3|4|5| ok|!\n\n| x");
  assertEquals(cut(cl100kPattern, text), "I|'M| | he|'s| |123|45| ok|!\n\n| x");
  assertEquals(cut(o200kPattern, text), "I'M| | he's| |123|45| ok|!\n\n| x");
});

test("words: matches, gaps, and text that no pattern matches", () => {
  const cut = (keep: "isolated" | "matches" | "gaps") => [
    ...compileSplits([{ pattern: "\\d+", keep }], "test")("a1b22c"),
  ];
  assertEquals(cut("isolated"), ["a", "1", "b", "22", "c"]);
  assertEquals(cut("matches"), ["1", "22"]);
  assertEquals(cut("gaps"), ["a", "b", "c"]);
});

test("words: each split cuts the words of the one before", () => {
  const patterns = ["\\p{N}", gpt2Pattern];
  const split = compileSplits(patterns.map((pattern) => ({ pattern, keep: "isolated" })), "test");
  assertEquals([...split("ab 12")], ["ab", " ", "1", "2"]);
});
