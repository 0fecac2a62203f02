/**
 * Training byte-level BPE: what is joined, what stays, what is refused, saving.
 *
 * @module
 */

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { QorusError } from "../../../lib/native/error.ts";
import {
  createTokenizer,
  llama3Pattern,
  loadTokenizer,
  parseTokenizer,
  qwen2Pattern,
  saveTokenizer,
  serializeTokenizer,
  toGgufMetadata,
  type Tokenizer,
  trainBpe,
  type TrainBpeOptions,
  type TrainBpeProgress,
  type TrainingText,
} from "../../../lib/tokenizer/mod.ts";
import { dataPath, needsData } from "../../support/data.ts";
import { randomTexts } from "../../support/random_text.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { mergesOf } from "../../support/tokenizer_files.ts";

function spell(tokenizer: Tokenizer, text: string): string {
  return Array.from(tokenizer.encode(text), (id) => tokenizer.pieceOf(id)).join(" ");
}

async function refusal(
  text: TrainingText,
  vocabSize: number,
  options: TrainBpeOptions = {},
): Promise<QorusError> {
  return await assertRejects(() => trainBpe(text, vocabSize, options), QorusError) as QorusError;
}

/** Repeats a word, each time as a word of its own. */
function times(word: string, count: number): string {
  return `${word}\n`.repeat(count);
}

test("trainBpe: the most frequent pair first", async () => {
  const tokenizer = await trainBpe(times("xy", 5) + times("yz", 9) + times("zx", 7), 260);
  assertEquals(mergesOf(tokenizer), ["y z", "z x", "x y"]);
  assertEquals(tokenizer.vocabSize, 260);
  assertEquals(spell(tokenizer, "yzx xyz"), "yz x Ġ x yz");
});

test("trainBpe: of equal counts the smaller ids first", async () => {
  const text = times("zb", 3) + times("ba", 3) + times("bz", 3) + times("az", 3);
  assertEquals(mergesOf(await trainBpe(text, 261)), ["a z", "b a", "b z", "z b"]);
  // Ids follow the spelling of bytes: a space (Ġ) comes after every letter.
  assertEquals(mergesOf(await trainBpe(" ab ab", 259)), ["a b", "Ġ ab"]);
});

test("trainBpe: runs of one byte are joined from the left", async () => {
  const tokenizer = await trainBpe(times("aaaaaaa", 4), 1000);
  assertEquals(mergesOf(tokenizer), ["a a", "aa aa", "aa a", "aaaa aaa"]);
  assertEquals(spell(tokenizer, "aaaaaaaaaaa"), "aaaa aaaaaaa");
});

test("trainBpe: bytes in the order of their spelling, special tokens, joined pieces", async () => {
  const tokenizer = await trainBpe("abab abab", 262, { specialTokens: ["<s>", "</s>", "<pad>"] });
  assertEquals(tokenizer.pieceOf(0), "!");
  assertEquals(tokenizer.idOf("a"), 64);
  assertEquals(tokenizer.idOf("Ġ"), 220);
  assertEquals(tokenizer.idOf("Ń"), 255);
  assertEquals([...tokenizer.specialTokens], [["<s>", 256], ["</s>", 257], ["<pad>", 258]]);
  assertEquals(tokenizer.pieceOf(259), "ab");
  assertEquals(tokenizer.pieceOf(260), "abab");
  assertEquals(tokenizer.vocabSize, 261);
  const { beginToken, endTokens, padToken } = tokenizer;
  assertEquals([beginToken, endTokens, padToken], [256, [257], 258]);
});

test("trainBpe: special tokens are cut out of the text", async () => {
  const marked = "ab<|endoftext|>ab<|endoftext|>";
  const tokenizer = await trainBpe(marked.repeat(20), 400);
  assertEquals(mergesOf(tokenizer), ["a b"]);
  assertEquals(tokenizer.endTokens, [256]);
  assertEquals([...tokenizer.encode(marked)], [257, 256, 257, 256]);
  assertEquals(tokenizer.decode([257, 256], { skipSpecial: true }), "ab");
  const spelled = tokenizer.encode(marked, { parseSpecial: false });
  assertEquals(tokenizer.decode(spelled), marked);
  assert(!spelled.includes(256));
});

test("trainBpe: roles by option, and what encoding adds", async () => {
  const tokenizer = await trainBpe("ab ab", 258, {
    specialTokens: ["[A]", "[B]"],
    beginToken: "[A]",
    endToken: "[B]",
    padToken: "[A]",
    addBos: true,
    addEos: true,
  });
  assertEquals([...tokenizer.encode("!")], [256, 0, 257]);
  assertEquals(tokenizer.padToken, 256);
  const plain = await trainBpe("ab", 256, { specialTokens: [] });
  assertEquals([plain.vocabSize, plain.beginToken, plain.endTokens.length], [256, undefined, 0]);
});

test("trainBpe: ends early where pairs are rare", async () => {
  const text = "low lower lowest newer wider";
  assertEquals((await trainBpe(text, 5000, { minFrequency: 100 })).vocabSize, 257);
  assertEquals(
    mergesOf(await trainBpe(text, 5000, { minFrequency: 3 })),
    ["e r", "l o", "lo w"],
  );
  const all = await trainBpe(text, 5000, { minFrequency: 0 });
  assertEquals(spell(all, text), "low Ġlower Ġlowest Ġnewer Ġwider");
});

test("trainBpe: parts are texts of their own, from any iterable", async () => {
  const parts = ["one tw", "o three ", "three", ""];
  async function* later(): AsyncGenerator<string> {
    yield* parts;
  }
  const options = { minFrequency: 1 };
  const tokenizer = await trainBpe(parts, 400, options);
  const fromArray = mergesOf(tokenizer);
  assertEquals(mergesOf(await trainBpe(new Set(parts), 400, options)), fromArray);
  assertEquals(mergesOf(await trainBpe(later(), 400, options)), fromArray);
  assert(tokenizer.idOf("Ġtw") !== undefined && tokenizer.idOf("Ġthree") !== undefined);
  assertEquals(tokenizer.idOf("Ġtwo"), undefined);
});

test("trainBpe: the pattern decides where words end", async () => {
  const text = "on 12345 12345 12345.\n\n".repeat(9);
  const digits = (pieces: string[]) => pieces.filter((piece) => /\d/.test(piece));
  const pieces = async (splitPattern?: string) =>
    digits(mergesOf(await trainBpe(text, 300, { splitPattern })));
  assert((await pieces()).some((merge) => merge.replaceAll(" ", "").endsWith("12345")));
  assertEquals(await pieces(qwen2Pattern), []);
  assertEquals(await pieces(llama3Pattern), ["1 2", "4 5", "12 3"]);
});

test("trainBpe: decoding what was encoded gives the text", async () => {
  const texts = randomTexts(3, 200);
  for (const splitPattern of [undefined, llama3Pattern, qwen2Pattern, "b|\\s+"]) {
    const tokenizer = await trainBpe(texts.slice(0, 100), 600, { splitPattern });
    for (const text of texts) assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
    assertEquals(tokenizer.decode(tokenizer.encode("a\ud800b\udc00")), "a\ufffdb\ufffd");
  }
});

test("trainBpe: the same text gives the same tokenizer", async () => {
  const texts = randomTexts(4, 50);
  const bytes = async (text: TrainingText) =>
    serializeTokenizer((await trainBpe(text, 700)).definition);
  const first = await bytes(texts);
  assertEquals(await bytes(texts), first);
  assertEquals(await bytes([...texts].reverse()), first);
});

test("saveTokenizer: loaded again it gives the same ids, from every form", async () => {
  const texts = randomTexts(5, 120);
  const kinds: TrainBpeOptions[] = [
    {},
    { splitPattern: llama3Pattern, beginToken: "<|endoftext|>", addBos: true },
    { splitPattern: qwen2Pattern, specialTokens: ["<s>", "</s>"], addBos: true, addEos: true },
    { splitPattern: "[a-z]+|\\d", specialTokens: ["[X]", "[Y]"], endToken: "[Y]", padToken: "[X]" },
  ];
  using folder = new TemporaryFolder();
  for (const [index, options] of kinds.entries()) {
    const tokenizer = await trainBpe(texts, 500, options);
    const path = folder.file(`tokenizer${index}.json`);
    saveTokenizer(path, tokenizer);
    saveTokenizer(folder.file(`folder${index}/inner`), tokenizer);
    const metadata = toGgufMetadata(tokenizer.definition);
    const bytes = serializeTokenizer(tokenizer.definition);
    const whole = [
      loadTokenizer({ kind: "huggingface", folder: folder.file(`folder${index}/inner`) }),
      loadTokenizer({ kind: "gguf", metadata, path: "copy.gguf" }),
      createTokenizer(parseTokenizer(bytes, "copy")),
    ];
    for (const copy of [...whole, loadTokenizer({ kind: "file", path })]) {
      for (const text of texts) assertEquals(copy.encode(text), tokenizer.encode(text));
      assertEquals([...copy.specialTokens], [...tokenizer.specialTokens]);
    }
    for (const { beginToken, endTokens, padToken } of whole) {
      const { beginToken: begin, endTokens: end, padToken: pad } = tokenizer;
      assertEquals([beginToken, endTokens, padToken], [begin, end, pad]);
    }
    assertEquals(metadata.has("tokenizer.huggingface.json"), index === 3);
  }
});

test("saveTokenizer: replaces a file whole, and says what the system refuses", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("tokenizer.json");
  saveTokenizer(path, await trainBpe("abab", 258));
  saveTokenizer(path, await trainBpe("cdcd", 258));
  assert(readFileSync(path, "utf8").includes('"cd"'));
  assertEquals(readdirSync(folder.path), ["tokenizer.json"]);
  const tokenizer = await trainBpe("ab", 257);
  const missing = folder.file("nowhere/tokenizer.json");
  const refused = assertThrows(() => saveTokenizer(missing, tokenizer), QorusError) as QorusError;
  assertEquals([refused.code, refused.path], ["not_found", missing]);
  mkdirSync(folder.file("taken.json"));
  const taken = folder.file("taken.json");
  const busy = assertThrows(() => saveTokenizer(taken, tokenizer), QorusError) as QorusError;
  assertEquals(busy.code, "io");
  const below = `${path}/folder`;
  const file = assertThrows(() => saveTokenizer(below, tokenizer), QorusError) as QorusError;
  assertEquals(file.code, "io");
  assertEquals(readdirSync(folder.path).sort(), ["taken.json", "tokenizer.json"]);
});

test("trainBpe: refuses what cannot be, naming the option", async () => {
  const cases: readonly [QorusError, string, RegExp][] = [
    [await refusal("ab", 256), "vocabSize", /256, expected 257 \(256 bytes and 1 special/],
    [await refusal("ab", 300.5), "vocabSize", /300\.5/],
    [await refusal("ab", 2 ** 30), "vocabSize", /to 2097151/],
    [await refusal("ab", 300, { minFrequency: -1 }), "minFrequency", /-1/],
    [await refusal("ab", 300, { specialTokens: ["<a>", "<a>"] }), "specialTokens[1]", /twice/],
    [await refusal("ab", 300, { specialTokens: [""] }), "specialTokens[0]", /one character/],
    [await refusal("ab", 300, { specialTokens: ["a"] }), "specialTokens[0]", /spells a byte/],
    [await refusal("ab", 300, { specialTokens: ["<\ud800>"] }), "specialTokens[0]", /surrogate/],
    [await refusal(" ab ab", 300, { specialTokens: ["Ġab"] }), "specialTokens", /another/],
    [await refusal("ab", 300, { beginToken: "<s>" }), "beginToken", /one of.*<\|endoftext\|>/],
    [await refusal("ab", 300, { addBos: true }), "addBos", /beginToken/],
    [await refusal("ab", 300, { specialTokens: ["[X]"], addEos: true }), "addEos", /endToken/],
    [await refusal("", 300), "text", /at least one character/],
    [await refusal(["", ""], 300), "text", /at least one character/],
    [await refusal([1] as unknown as string[], 300), "text", /number, expected strings/],
    [await refusal(12 as unknown as string, 300), "text", /a string or an iterable/],
  ];
  for (const [error, field, message] of cases) {
    assertEquals([error.code, error.field], ["invalid_argument", field]);
    assert(message.test(error.message), error.message);
  }
  const pattern = await refusal("ab", 300, { splitPattern: "(a" });
  assertEquals(pattern.code, "unsupported");
  assert(pattern.message.includes("trainBpe: splitPattern"), pattern.message);
});

test("trainBpe: reports, and ends by its signal", async () => {
  const text = randomTexts(6, 100).join(" ");
  const reports: TrainBpeProgress[] = [];
  await trainBpe(text, 400, { onProgress: (report) => reports.push(report) });
  const counted = { phase: "counting" as const, done: text.length, total: text.length };
  assertEquals(reports.find(({ done, total }) => done === total), counted);
  assertEquals(reports.at(-1), { phase: "merging", done: 400, total: 400 });
  const parts: TrainBpeProgress[] = [];
  await trainBpe(["ab", "ab"], 258, { onProgress: (report) => parts.push(report) });
  assertEquals(parts[0], { phase: "counting", done: 4, total: undefined });

  const early = await refusal(text, 400, { signal: AbortSignal.abort("enough") });
  assertEquals([early.code, early.op, early.cause], ["aborted", "trainBpe", "enough"]);
  for (const phase of ["counting", "merging"]) {
    const controller = new AbortController();
    const onProgress = (report: TrainBpeProgress) => {
      if (report.phase === phase) controller.abort();
    };
    assertEquals(
      (await refusal(text, 400, { signal: controller.signal, onProgress })).code,
      "aborted",
    );
  }
  function* endless(): Generator<string> {
    for (;;) yield "a word after a word";
  }
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  assertEquals((await refusal(endless(), 400, { signal: controller.signal })).code, "aborted");
});

test("trainBpe: a text of one long word takes no longer than others", async () => {
  const word = "abcdefgh".repeat(25_000);
  const tokenizer = await trainBpe([word, word], 270);
  assertEquals(tokenizer.decode(tokenizer.encode(word)), word);
  assertEquals(mergesOf(tokenizer).slice(0, 3), ["a b", "c d", "e f"]);
});

test("trainBpe: Shakespeare in 2048 tokens", needsData, async () => {
  const text = readFileSync(dataPath("text/tinyshakespeare.txt"), "utf8");
  const tokenizer = await trainBpe(text, 2048);
  assertEquals(tokenizer.vocabSize, 2048);
  const ids = tokenizer.encode(text);
  assertEquals(tokenizer.decode(ids), text);
  assert(text.length / ids.length > 2.8, `${text.length / ids.length} characters a token`);
});
