/**
 * SentencePiece BPE from small `tokenizer.model` and llama2.c files, and plain bytes.
 *
 * @module
 */

import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../lib/native/error.ts";
import { byteDefinition, createTokenizer, type Tokenizer } from "../../../lib/tokenizer/mod.ts";
import {
  commonPieces,
  llama2cFile,
  loadBytes,
  sentencePieceFile,
  type SmallPiece,
  wordPieces,
} from "../../support/tokenizer_files.ts";

const firstWord = commonPieces.length;

function load(more: readonly SmallPiece[] = [], dummyPrefix = 1): Tokenizer {
  const pieces = [...commonPieces, ...wordPieces, ...more];
  return loadBytes("tokenizer.model", sentencePieceFile(pieces, dummyPrefix));
}

function spell(tokenizer: Tokenizer, text: string): string[] {
  const ids = tokenizer.encode(text, { addBos: false });
  return Array.from(ids, (id) => tokenizer.pieceOf(id));
}

test("sentencepiece: best score first, a space in front, bytes for the rest", () => {
  const tokenizer = load();
  assertEquals(spell(tokenizer, "hello low"), ["▁hello", "▁", "low"]);
  assertEquals(spell(tokenizer, "é!"), ["▁", "é", "<0x21>"]);
  assertEquals(spell(tokenizer, "中"), ["▁", "<0xE4>", "<0xB8>", "<0xAD>"]);
  assertEquals(spell(tokenizer, "  "), ["▁", "▁", "▁"]);
  assertEquals(spell(tokenizer, ""), []);
  assertEquals([...tokenizer.encode("")], [1]);
});

test("sentencepiece: cutting at spaces changes nothing", () => {
  const crossing = load([{ piece: "o▁", score: -0.5 }]);
  assertEquals(spell(crossing, "hello low"), ["▁hell", "o▁", "low"]);
  assertEquals(crossing.decode(crossing.encode("hello low", { addBos: false })), "hello low");
});

test("sentencepiece: the leading space goes when decoding, once", () => {
  const tokenizer = load();
  for (const text of ["hello", " hello", "  low hello ", "é", "中!"]) {
    const ids = tokenizer.encode(text);
    assertEquals(tokenizer.decode(ids, { skipSpecial: true }), text);
  }
  const ids = tokenizer.encode("hello", { addBos: false });
  assertEquals(tokenizer.decode([1, ...ids]), "<s> hello");
});

test("sentencepiece: a stream that continues a text keeps the space", () => {
  const tokenizer = load();
  const hello = tokenizer.idOf("▁hello") ?? -1;
  const fresh = tokenizer.decodeStream({ skipSpecial: true });
  assertEquals([fresh.push(1), fresh.push(hello), fresh.push(hello)], ["", "hello", " hello"]);
  fresh.flush();
  assertEquals(fresh.push(hello), "hello");
  const continued = tokenizer.decodeStream({ continues: true });
  assertEquals(continued.push(hello), " hello");
});

test("sentencepiece: a stream gives whole characters, and U+FFFD for each broken byte", () => {
  const tokenizer = load();
  const stream = tokenizer.decodeStream();
  const bytes = [0xe4, 0xb8, 0xad, 0xe4, 0xb8].map((byte) => byte + 3);
  assertEquals(bytes.map((id) => stream.push(id)), ["", "", "中", "", ""]);
  assertEquals(stream.push(firstWord + 1), "\ufffd\ufffdh");
  assertEquals(stream.flush(), "");
});

test("sentencepiece: control pieces are found in text only when asked for", () => {
  const tokenizer = load();
  assertEquals(tokenizer.encode("<s>").length > 2, true);
  const parsed = tokenizer.encode("<s>hello</s>", { addBos: false, parseSpecial: true });
  assertEquals([...parsed], [1, tokenizer.idOf("▁hello") ?? -1, 2]);
});

test("sentencepiece: words of type user are never split and are no special tokens", () => {
  const tokenizer = load([{ piece: "hel", type: 4 }]);
  assertEquals(spell(tokenizer, "hello"), ["▁", "hel", "lo"]);
  const ids = tokenizer.encode("hello", { addBos: false });
  assertEquals(tokenizer.decode(ids, { skipSpecial: true }), "hello");
});

test("sentencepiece: unused pieces are split into what made them", () => {
  const pieces = wordPieces.map((piece) =>
    ["▁hello", "hell"].includes(piece.piece) ? { ...piece, type: 5 } : piece
  );
  const file = sentencePieceFile([...commonPieces, ...pieces]);
  assertEquals(spell(loadBytes("tokenizer.model", file), "hello"), ["▁hell", "o"]);
  assertEquals(spell(loadBytes("tokenizer.model", file), "lohell"), ["▁", "lo", "he", "ll"]);
});

test("sentencepiece: without bytes the unknown token stands for a run of characters", () => {
  const file = sentencePieceFile([...commonPieces.slice(0, 3), ...wordPieces]);
  const tokenizer = loadBytes("tokenizer.model", file);
  assertEquals(spell(tokenizer, "he中文!low"), ["▁", "he", "<unk>", "low"]);
});

test("sentencepiece: no space in front where the model says so", () => {
  const tokenizer = load([], 0);
  assertEquals(spell(tokenizer, "hello"), ["hell", "o"]);
  assertEquals(tokenizer.decode(tokenizer.encode(" hello", { addBos: false })), " hello");
});

test("sentencepiece: extra spaces go where the model says so", () => {
  const file = sentencePieceFile([...commonPieces, ...wordPieces]);
  // The normalizer's last field, remove_extra_whitespaces, is the last byte.
  file[file.length - 1] = 1;
  const tokenizer = loadBytes("tokenizer.model", file);
  assertEquals(spell(tokenizer, "  hello   low  "), ["▁hello", "▁", "low"]);
});

test("sentencepiece: pieces by spelling and by id", () => {
  const tokenizer = load();
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    assertEquals(tokenizer.idOf(tokenizer.pieceOf(id)), id);
  }
  assertEquals([...tokenizer.bytesOf(tokenizer.idOf("<0x0A>") ?? -1)], [10]);
  assertEquals([...tokenizer.bytesOf(firstWord)], [32]);
  assertEquals([tokenizer.beginToken, ...tokenizer.endTokens], [1, 2]);
});

test("sentencepiece: other models and broken files are named", () => {
  const message = (bytes: Uint8Array) => {
    const load = () => loadBytes("tokenizer.model", bytes);
    return assertThrows(load, QorusError).field;
  };
  const file = sentencePieceFile([...commonPieces, ...wordPieces]);
  // The last bytes are the trainer's model type and the normalizer's two flags.
  const unigram = file.slice();
  unigram[file.lastIndexOf(2, file.length - 7)] = 1;
  assertEquals(message(unigram), "trainer_spec.model_type");
  assertEquals(message(file.slice(0, -1)), `the model at byte ${file.length - 4}`);
  const double = sentencePieceFile([...commonPieces, { piece: "a" }, { piece: "a" }]);
  assertEquals(message(double), `piece ${firstWord + 1}`);
  assertEquals(message(sentencePieceFile([{ piece: "x", type: 6 }])), "byte piece 0");
  assertEquals(message(sentencePieceFile([{ piece: "x", type: 257 }])), "the type of piece 0");
});

test("llama2.c: the same vocabulary with plain spaces gives the same ids", () => {
  const pieces = [...commonPieces, ...wordPieces];
  const tokenizer = loadBytes("tokenizer.bin", llama2cFile(pieces));
  const other = load();
  for (const text of ["hello low", "  é中!", "", "hell o", "<s>"]) {
    assertEquals([...tokenizer.encode(text)], [...other.encode(text)]);
    assertEquals(tokenizer.decode(tokenizer.encode(text), { skipSpecial: true }), text);
  }
});

test("llama2.c: lengths beyond the file and wrong byte pieces are errors", () => {
  const file = llama2cFile([...commonPieces, ...wordPieces]);
  const cut = assertThrows(() => loadBytes("tokenizer.bin", file.slice(0, -1)), QorusError);
  assertEquals(cut.field, `the length of piece ${firstWord + wordPieces.length - 1}`);
  const few = llama2cFile(commonPieces.slice(0, 10));
  assertThrows(() => loadBytes("tokenizer.bin", few), QorusError, "the number of pieces is 10");
  const swapped = [...commonPieces.slice(0, 3), ...commonPieces.slice(4), commonPieces[3]];
  assertThrows(() => loadBytes("tokenizer.bin", llama2cFile(swapped)), QorusError, "<0x00>");
});

test("bytes: every byte is its id; 256 begins, 257 ends, 258 pads", () => {
  const tokenizer = createTokenizer(byteDefinition());
  assertEquals([...tokenizer.encode("hé")], [256, 104, 195, 169]);
  assertEquals([...tokenizer.encode("a", { addBos: false, addEos: true })], [97, 257]);
  assertEquals([...tokenizer.encode("<s>", { addBos: false })], [60, 115, 62]);
  assertEquals([...tokenizer.encode("<s>", { addBos: false, parseSpecial: true })], [256]);
  assertEquals(tokenizer.decode([256, 104, 195, 169, 257], { skipSpecial: true }), "hé");
  assertEquals([tokenizer.vocabSize, tokenizer.padToken], [259, 258]);
  assertEquals(tokenizer.decode([240, 159]), "\ufffd");
  assertEquals([tokenizer.idOf("<0x0A>"), tokenizer.pieceOf(10)], [10, "<0x0A>"]);
});
