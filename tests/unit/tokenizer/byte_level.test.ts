/**
 * Byte-level BPE from small `tokenizer.json` and tiktoken files.
 *
 * @module
 */

import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../lib/native/error.ts";
import type { Tokenizer } from "../../../lib/tokenizer/mod.ts";
import { byteLevelJson, jsonFile, loadBytes, tiktokenFile } from "../../support/tokenizer_files.ts";

function load(changes: Record<string, unknown> = {}): Tokenizer {
  return loadBytes("tokenizer.json", jsonFile(byteLevelJson(changes)));
}

function spell(tokenizer: Tokenizer, ids: Iterable<number>): string[] {
  return Array.from(ids, (id) => tokenizer.pieceOf(id));
}

const special = 16;

test("byte level: words are merged in the order of the list", () => {
  const tokenizer = load();
  assertEquals(spell(tokenizer, tokenizer.encode("hello hello")), ["hello", "Ġhell", "o"]);
  assertEquals(tokenizer.decode(tokenizer.encode("hello é!\n")), "hello é!\n");
  assertEquals(tokenizer.vocabSize, special + 1);
});

test("byte level: special tokens inside of text, or as ordinary text", () => {
  const tokenizer = load();
  assertEquals([...tokenizer.encode("hello<|end|>")], [15, special]);
  assertThrows(() => tokenizer.encode("<|end|>", { parseSpecial: false }), QorusError, "byte 60");
  assertEquals(tokenizer.endTokens, [special]);
  assertEquals(tokenizer.specialTokens.get("<|end|>"), special);
  assertEquals(tokenizer.isSpecial(special), true);
  assertEquals(tokenizer.decode([15, special]), "hello<|end|>");
  assertEquals(tokenizer.decode([15, special], { skipSpecial: true }), "hello");
});

test("byte level: the longest added token wins, with its white space and borders", () => {
  const token = (id: number, content: string, more: object) => ({
    id,
    content,
    special: false,
    normalized: false,
    ...more,
  });
  const tokenizer = load({
    added_tokens: [
      token(16, "lo", { single_word: true }),
      token(17, "!!", { lstrip: true, rstrip: true }),
      token(18, "!!!", {}),
    ],
  });
  assertEquals([...tokenizer.encode("lo hello")], [16, 14, 3]);
  assertEquals([...tokenizer.encode("lo !! lo")], [16, 17, 16]);
  assertEquals([...tokenizer.encode("lo!!!lo")], [16, 18, 16]);
});

test("byte level: begin and end tokens by the template, unless told otherwise", () => {
  const template = [{ SpecialToken: { id: "<|end|>" } }, { Sequence: { id: "A" } }];
  const tokenizer = load({
    post_processor: {
      type: "TemplateProcessing",
      single: template,
      special_tokens: { "<|end|>": { ids: [special] } },
    },
  });
  assertEquals([...tokenizer.encode("h")], [special, 0]);
  assertEquals([...tokenizer.encode("h", { addBos: false })], [0]);
  assertEquals([...tokenizer.encode("h", { addBos: false, addEos: true })], [0, special]);
  assertEquals([...load().encode("h", { addBos: true })], [0]);
});

test("byte level: normalizers and prefixes run before the cuts", () => {
  const composed = load({ normalizer: { type: "NFC" } });
  assertEquals([...composed.encode("e\u0301")], [...load().encode("\u00e9")]);
  const stripped = load({ normalizer: { type: "Strip" } });
  assertEquals(spell(stripped, stripped.encode(" \n hello hell\n\n")), ["hello", "Ġhell"]);
  const prefixed = load({ pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } });
  assertEquals(spell(prefixed, prefixed.encode("hell")), ["Ġhell"]);
  assertEquals(spell(prefixed, prefixed.encode(" hell")), ["Ġhell"]);
});

test("byte level: a stream holds back the first byte of a character", () => {
  const tokenizer = load();
  const [first, second] = tokenizer.encode("é");
  const stream = tokenizer.decodeStream();
  assertEquals([stream.push(first), stream.push(second), stream.flush()], ["", "é", ""]);
  assertEquals([stream.push(first), stream.push(0), stream.flush()], ["", "\ufffdh", ""]);
  assertEquals([stream.push(first), stream.flush()], ["", "\ufffd"]);
});

test("byte level: pieces by spelling and by id", () => {
  const tokenizer = load();
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    assertEquals(tokenizer.idOf(tokenizer.pieceOf(id)), id);
  }
  assertEquals([...tokenizer.bytesOf(tokenizer.idOf("Ġhell") ?? -1)], [32, 104, 101, 108, 108]);
  assertEquals(tokenizer.idOf("nothing"), undefined);
  assertThrows(() => tokenizer.pieceOf(99), QorusError, "id 99");
  assertThrows(() => tokenizer.decode([-1]), QorusError, "id -1");
});

test("tokenizer.json: what is wrong or not supported is named", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ model: { type: "WordPiece" } }, "model.type"],
    [{ model: { type: "BPE", vocab: { a: 0, b: 0 }, merges: [] } }, "piece 0"],
    [{ model: { type: "BPE", vocab: { a: -1 }, merges: [] } }, 'model.vocab["a"]'],
    [{ model: { type: "BPE", vocab: { a: 0 }, merges: [["a", "b"]] } }, "model.merges[0]"],
    [{ model: { type: "BPE", vocab: { a: 0 }, merges: ["a"] } }, "model.merges[0]"],
    [{ normalizer: { type: "Precompiled" } }, "normalizer.type"],
    [{ pre_tokenizer: { type: "Whitespace" } }, "pre_tokenizer.type"],
    [{ decoder: { type: "CTC" } }, "decoder.type"],
    [{ added_tokens: [{ id: 0, content: "x" }] }, "added_tokens[0].id"],
    [{ post_processor: { type: "TemplateProcessing", single: 1 } }, "post_processor.single"],
  ];
  for (const [changes, field] of cases) {
    const error = assertThrows(() => load(changes), QorusError, field);
    assertEquals(error.field, field);
  }
});

test("tiktoken: any concatenation that is a rank, lowest first; whole words at once", () => {
  const file = tiktokenFile(["bc", "ab", "abcd", "xbc"]);
  const encoding = { pattern: "\\S+|\\s", specialTokens: { "<|x|>": 300 } };
  const tokenizer = loadBytes("small.tiktoken", file, { tiktoken: encoding });
  assertEquals([...tokenizer.encode("abc")], [97, 256]);
  assertEquals([...tokenizer.encode("abcd")], [258]);
  assertEquals([...tokenizer.encode("abcdx")], [97, 256, 100, 120]);
  assertEquals([...tokenizer.encode("axbc<|x|>")], [97, 259, 300]);
  assertEquals(tokenizer.vocabSize, 301);
  assertEquals(tokenizer.decode([280]), "");
});

test("tiktoken: unknown names and broken lines are errors", () => {
  const file = tiktokenFile([]);
  assertThrows(() => loadBytes("mine.tiktoken", file), QorusError, "option tiktoken");
  const broken = new TextEncoder().encode("IQ== 0\nIg==\n");
  assertThrows(() => loadBytes("cl100k_base.tiktoken", broken), QorusError, "line 2");
  const twice = new TextEncoder().encode("IQ== 0\nIg== 0\n");
  assertThrows(() => loadBytes("cl100k_base.tiktoken", twice), QorusError, "piece 0");
});
