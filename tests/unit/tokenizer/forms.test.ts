/**
 * Tokenizers in other forms: the compact one, GGUF metadata, tokenizer.json, Hugging Face folders.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { GgufValue } from "../../../lib/formats/types.ts";
import { QorusError } from "../../../lib/native/error.ts";
import {
  byteDefinition,
  createTokenizer,
  loadTokenizer,
  parseTokenizer,
  serializeTokenizer,
  toGgufMetadata,
  type Tokenizer,
  toTokenizerConfig,
  toTokenizerJson,
} from "../../../lib/tokenizer/mod.ts";
import {
  byteLevelJson,
  commonPieces,
  jsonFile,
  llama2cFile,
  loadBytes,
  sentencePieceFile,
  tiktokenFile,
  wordPieces,
} from "../../support/tokenizer_files.ts";

const pieces = [...commonPieces, ...wordPieces];
const nfc = { type: "NFC" };
const metaspace = { type: "Metaspace", prepend_scheme: "first", split: true };

/** Small tokenizers of every kind. */
const tokenizers: Record<string, Tokenizer> = {
  "byte level": loadBytes("tokenizer.json", jsonFile(byteLevelJson())),
  "byte level with NFC": loadBytes("tokenizer.json", jsonFile(byteLevelJson({ normalizer: nfc }))),
  "sentencepiece": loadBytes("tokenizer.model", sentencePieceFile(pieces)),
  "sentencepiece without prefix": loadBytes("tokenizer.model", sentencePieceFile(pieces, 0)),
  "llama2.c": loadBytes("tokenizer.bin", llama2cFile(pieces)),
  "metaspace": loadBytes(
    "tokenizer.json",
    jsonFile(byteLevelJson({ pre_tokenizer: metaspace, decoder: metaspace })),
  ),
  "tiktoken": loadBytes("cl100k_base.tiktoken", tiktokenFile(["he", "ll", "hell", " hell", "lo"]), {
    tiktoken: { pattern: "\\p{L}++|\\p{N}{1,3}+|\\s", specialTokens: { "<|end|>": 270 } },
  }),
  "bytes": createTokenizer(byteDefinition()),
};

const texts = ["", "hello", "hello hello low", "  lowell", "é e\u0301", "hell<|end|>"];

/** Compares ids, or the error where a small vocabulary cannot express the text. */
function assertSame(actual: Tokenizer, expected: Tokenizer): void {
  for (const text of texts) {
    for (const addBos of [false, true]) {
      const encode = (tokenizer: Tokenizer) => {
        try {
          return [...tokenizer.encode(text, { addBos, parseSpecial: true })];
        } catch (error) {
          return (error as Error).message;
        }
      };
      assertEquals(encode(actual), encode(expected), text);
    }
  }
  const ids = Array.from({ length: expected.vocabSize }, (_, id) => id);
  assertEquals(actual.decode(ids), expected.decode(ids));
  assertEquals(actual.decode(ids.slice(5)), expected.decode(ids.slice(5)));
  assertEquals(actual.beginToken, expected.beginToken);
  assertEquals(actual.definition.addBos, expected.definition.addBos);
}

for (const [name, tokenizer] of Object.entries(tokenizers)) {
  test(`forms: ${name} as bytes`, () => {
    const bytes = serializeTokenizer(tokenizer.definition);
    assertEquals(parseTokenizer(bytes, "copy"), tokenizer.definition);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    assertEquals(parseTokenizer(shifted.subarray(1), "copy"), tokenizer.definition);
  });

  test(`forms: ${name} as GGUF metadata`, () => {
    const metadata = toGgufMetadata(tokenizer.definition);
    assertSame(loadTokenizer({ kind: "gguf", metadata, path: "copy.gguf" }), tokenizer);
  });

  test(`forms: ${name} as a Hugging Face folder`, () => {
    const folder = mkdtempSync(join(tmpdir(), "qorus-tokenizer-"));
    try {
      writeFileSync(join(folder, "tokenizer.json"), toTokenizerJson(tokenizer.definition));
      const config = JSON.stringify(toTokenizerConfig(tokenizer.definition));
      writeFileSync(join(folder, "tokenizer_config.json"), config);
      const copy = loadTokenizer({ kind: "huggingface", folder });
      assertSame(copy, tokenizer);
      assertEquals(copy.endTokens[0], tokenizer.endTokens[0]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test("GGUF: SentencePiece needs no tokenizer.json inside, unnamed patterns do", () => {
  const has = (name: string) =>
    toGgufMetadata(tokenizers[name].definition).has("tokenizer.huggingface.json");
  assert(!has("sentencepiece") && !has("byte level"));
  assert(has("byte level with NFC") && has("llama2.c") && has("tiktoken"));
});

test("GGUF: wrong keys are named", () => {
  const good = toGgufMetadata(tokenizers["byte level"].definition);
  const strings = (value: string[]): GgufValue => ({ type: "array", element: "string", value });
  const cases: [string, GgufValue][] = [
    ["model", { type: "string", value: "bert" }],
    ["pre", { type: "string", value: "nothing" }],
    ["tokens", { type: "u32", value: 1 }],
    ["token_type", { type: "array", element: "i32", value: Int32Array.of(1) }],
    ["merges", strings(["h"])],
    ["add_bos_token", { type: "u32", value: 1 }],
    ["eos_token_id", { type: "f32", value: 0.5 }],
  ];
  for (const [name, value] of cases) {
    const metadata = new Map([...good, [`tokenizer.ggml.${name}`, value]]);
    const load = () => loadTokenizer({ kind: "gguf", metadata, path: "bad.gguf" });
    const error = assertThrows(load, QorusError, "bad.gguf");
    assert(error.field?.startsWith(`tokenizer.ggml.${name}`), error.message);
  }
  const outside: GgufValue = { type: "u32", value: 1000 };
  const metadata = new Map([...good, ["tokenizer.ggml.eos_token_id", outside]]);
  const load = () => loadTokenizer({ kind: "gguf", metadata, path: "bad.gguf" });
  assertThrows(load, QorusError, "the end token is 1000");
});

test("folder: tokenizer.model with the tokens that tokenizer_config.json adds", () => {
  const folder = mkdtempSync(join(tmpdir(), "qorus-tokenizer-"));
  try {
    writeFileSync(join(folder, "tokenizer.model"), sentencePieceFile(pieces));
    const config = {
      add_bos_token: false,
      eos_token: { content: "<|im_end|>" },
      added_tokens_decoder: {
        "1": { content: "<s>", special: true },
        [pieces.length]: { content: "<|im_start|>", special: true },
        [pieces.length + 1]: { content: "<|im_end|>", special: true },
      },
    };
    writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    const tokenizer = loadTokenizer({ kind: "huggingface", folder });
    const hello = tokenizer.idOf("▁hello") ?? -1;
    const ids = [...tokenizer.encode("<|im_start|>hello<|im_end|>")];
    assertEquals(ids, [pieces.length, hello, pieces.length + 1]);
    assertEquals(tokenizer.endTokens, [pieces.length + 1, 2]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("files: missing, of an unknown kind, of another kind", () => {
  const load = (path: string) => () => loadTokenizer({ kind: "file", path });
  assertEquals(assertThrows(load("/no/such/tokenizer.json"), QorusError).code, "not_found");
  assertThrows(() => loadBytes("vocab.txt", Uint8Array.of(1)), QorusError, "the file's name");
  assertThrows(() => loadBytes("tokenizer.json", Uint8Array.of(0xff)), QorusError, "UTF-8");
  assertThrows(() => loadBytes("tokenizer.json", jsonFile([])), QorusError, "an object");
});

test("compact form: other magic, versions and sizes are errors", () => {
  const good = serializeTokenizer(tokenizers["bytes"].definition);
  const change = (index: number, value: number) => {
    const bytes = good.slice();
    bytes[index] = value;
    return () => createTokenizer(parseTokenizer(bytes, "bad"), "bad");
  };
  assertThrows(change(0, 0), QorusError, "magic");
  assertEquals(assertThrows(change(4, 3), QorusError).code, "unsupported");
  assertThrows(change(8, 1), QorusError, "by its header");
  assertThrows(change(32, 9), QorusError, "piece offsets");
  assertThrows(() => parseTokenizer(good.slice(0, -1), "bad"), QorusError, "by its header");
  assertThrows(() => parseTokenizer(good.slice(0, 9), "bad"), QorusError, "32 or more");
});

test("compact form: files without an index are read, wrong indexes are errors", () => {
  const { definition } = tokenizers["bytes"];
  const good = serializeTokenizer(definition);
  const slotCount = new DataView(good.buffer).getUint32(28, true);
  const start = 32 + 4 * (definition.pieces.length + 1) + 4 * definition.merges.length +
    4 * definition.scores.length;
  const end = start + 4 * slotCount;
  const older = new Uint8Array(good.length - 4 * slotCount);
  older.set(good.subarray(0, start));
  older.set(good.subarray(end), start);
  const header = new DataView(older.buffer);
  header.setUint32(4, 1, true);
  header.setUint32(28, 0, true);
  const read = parseTokenizer(older, "older");
  assertEquals(read, definition);
  assertSame(createTokenizer(read), createTokenizer(parseTokenizer(good, "good")));

  const changed = (change: (slots: Uint8Array) => void) => () => {
    const bytes = good.slice();
    change(bytes.subarray(start, end));
    return parseTokenizer(bytes, "bad");
  };
  assertThrows(changed((slots) => slots.fill(0xff, 0, 4)), QorusError, "index slot 0");
  const full = changed((slots) => slots.forEach((_, i) => slots[i] = i % 4 === 0 ? 1 : 0));
  assertThrows(full, QorusError, "free slots");
  const tooMany = good.slice();
  new DataView(tooMany.buffer).setUint32(4, 1, true);
  assertThrows(() => parseTokenizer(tooMany, "bad"), QorusError, "0 in version 1");
});
