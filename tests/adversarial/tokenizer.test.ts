/**
 * Tokenizer files with random damage: they load, or they are refused with a QorusError.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assert } from "@std/assert";
import type { GgufValue } from "../../lib/formats/types.ts";
import { QorusError } from "../../lib/native/error.ts";
import { readLlama2c } from "../../lib/tokenizer/from_llama2c.ts";
import { readSentencePiece } from "../../lib/tokenizer/from_sentencepiece.ts";
import { readTiktoken } from "../../lib/tokenizer/from_tiktoken.ts";
import { readTokenizerJson } from "../../lib/tokenizer/from_tokenizer_json.ts";
import { JsonFields } from "../../lib/tokenizer/json_fields.ts";
import {
  createTokenizer,
  loadTokenizer,
  parseTokenizer,
  serializeTokenizer,
  toGgufMetadata,
  type Tokenizer,
  type TokenizerDefinition,
} from "../../lib/tokenizer/mod.ts";
import { dataPath, needsData } from "../support/data.ts";
import {
  byteLevelJson,
  commonPieces,
  concatenate,
  jsonFile,
  llama2cFile,
  randomNumbers,
  sentencePieceFile,
  tiktokenFile,
  wordPieces,
} from "../support/tokenizer_files.ts";

const mutations = 2000;
const path = "damaged";
const interesting = [0, 1, 2, 0x7f, 0x80, 0xff, 0x22, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x30, 0x39];

/** A copy with one to four changes: a bit, a byte, bytes cut out, doubled, moved, or cut off. */
function damage(bytes: Uint8Array, next: () => number): Uint8Array {
  let damaged: Uint8Array = bytes.slice();
  for (let change = 1 + next() % 4; change > 0 && damaged.length > 0; change--) {
    const at = next() % damaged.length;
    const count = 1 + next() % 16;
    const rest = damaged.subarray(at + count);
    switch (next() % 6) {
      case 0:
        damaged[at] ^= 1 << next() % 8;
        break;
      case 1:
        damaged[at] = interesting[next() % interesting.length];
        break;
      case 2:
        damaged = concatenate([damaged.subarray(0, at), rest]);
        break;
      case 3:
        damaged = concatenate([damaged.subarray(0, at + count), damaged.subarray(at)]);
        break;
      case 4:
        damaged.set(damaged.subarray(next() % damaged.length).slice(0, damaged.length - at), at);
        break;
      case 5:
        if (next() % 4 === 0) damaged = damaged.slice(0, at);
        break;
    }
  }
  return damaged;
}

/** Whether this passes; anything but success and QorusError fails the test. */
function survives(run: () => void, what: string): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof QorusError && error.code !== "internal") return false;
    throw new Error(`${what}: ${error instanceof Error ? error.stack : error}`, { cause: error });
  }
}

/** What a loaded tokenizer must bear; a small vocabulary may refuse the text, but nothing else. */
function use(tokenizer: Tokenizer): void {
  survives(() => {
    const ids = tokenizer.encode("hello <s>low é中\u0085 1234<|end|>");
    for (const id of ids) assert(id < tokenizer.vocabSize);
  }, "encode");
  const ids = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);
  tokenizer.decode(ids, { skipSpecial: true });
  assert(tokenizer.pieceOf(ids.length - 1).isWellFormed());
}

function checkDamaged(
  file: Uint8Array,
  seed: number,
  read: (bytes: Uint8Array) => TokenizerDefinition,
  count = mutations,
): void {
  use(createTokenizer(read(file), path));
  const next = randomNumbers(seed);
  let refused = 0;
  for (let round = 0; round < count; round++) {
    const damaged = damage(file, next);
    const passed = survives(() => use(createTokenizer(read(damaged), path)), `round ${round}`);
    if (!passed) refused++;
  }
  assert(refused > count / 10, `only ${refused} of ${count} damaged files were refused`);
}

const pieces = [...commonPieces, ...wordPieces];

function readJson(bytes: Uint8Array): TokenizerDefinition {
  const fields = new JsonFields(path);
  return readTokenizerJson(fields.parse(bytes), fields);
}

/** A `tokenizer.json` with one of everything, to give damage more to hit. */
const richJson = jsonFile(byteLevelJson({
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "NFC" },
      { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
      { type: "Replace", pattern: { String: "\t" }, content: " " },
    ],
  },
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "Digits", individual_digits: true },
      { type: "Split", pattern: { Regex: "[^\\s]+|\\s+" }, behavior: "Isolated", invert: false },
      { type: "ByteLevel", add_prefix_space: false, use_regex: false },
    ],
  },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<|end|>" } }, { Sequence: { id: "A" } }],
    special_tokens: { "<|end|>": { ids: [16] } },
  },
}));

const encoding = { pattern: "\\p{L}++|\\p{N}{1,3}+|\\s", specialTokens: { "<|end|>": 270 } };
const ranks = tiktokenFile(["he", "ll", "hell", " hell", "lo"]);

test("damaged tokenizer.model", () => {
  checkDamaged(sentencePieceFile(pieces), 1, (bytes) => readSentencePiece(bytes, path));
});

test("damaged tokenizer.bin", () => {
  checkDamaged(llama2cFile(pieces), 2, (bytes) => readLlama2c(bytes, path));
});

test("damaged tiktoken ranks", () => {
  checkDamaged(ranks, 3, (bytes) => readTiktoken(bytes, path, encoding));
});

test("damaged tokenizer.json", () => {
  checkDamaged(jsonFile(byteLevelJson()), 4, readJson);
  checkDamaged(richJson, 5, readJson);
});

test("damaged compact form", () => {
  for (const definition of [readJson(richJson), readSentencePiece(sentencePieceFile(pieces), "")]) {
    checkDamaged(serializeTokenizer(definition), 6, (bytes) => parseTokenizer(bytes, path));
  }
});

test("damaged GGUF metadata", () => {
  const next = randomNumbers(7);
  const definitions = [readJson(richJson), readJson(jsonFile(byteLevelJson()))];
  definitions.push(readSentencePiece(sentencePieceFile(pieces), path));
  let refused = 0;
  for (let round = 0; round < mutations; round++) {
    const metadata = toGgufMetadata(definitions[next() % definitions.length]);
    const keys = [...metadata.keys()];
    const key = keys[next() % keys.length];
    const other = metadata.get(keys[next() % keys.length]);
    const values: (GgufValue | undefined)[] = [
      undefined,
      other,
      { type: "u32", value: next() },
      { type: "i64", value: BigInt(next()) },
      { type: "string", value: String.fromCharCode(next() % 0xffff) },
      { type: "array", element: "string", value: ["a", "a b", "\ud800", ""] },
      { type: "array", element: "f32", value: Float32Array.of(Number.NaN, 1) },
    ];
    const value = values[next() % values.length];
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
    const load = () => use(loadTokenizer({ kind: "gguf", metadata, path }));
    if (!survives(load, `round ${round}, ${key}`)) refused++;
  }
  assert(refused > mutations / 10, `only ${refused} were refused`);
});

test("files cut off at every byte", () => {
  const files: [Uint8Array, (bytes: Uint8Array) => TokenizerDefinition][] = [
    [sentencePieceFile(pieces), (bytes) => readSentencePiece(bytes, path)],
    [llama2cFile(pieces), (bytes) => readLlama2c(bytes, path)],
    [jsonFile(byteLevelJson()), readJson],
    [serializeTokenizer(readJson(richJson)), (bytes) => parseTokenizer(bytes, path)],
  ];
  for (const [file, read] of files) {
    for (let length = 0; length < file.length; length++) {
      const cut = file.subarray(0, length);
      survives(() => createTokenizer(read(cut), path), `${length} of ${file.length} bytes`);
    }
  }
});

test("damaged real files", needsData, () => {
  const tok512 = readFileSync(dataPath("models/stories260K/tok512.bin"));
  checkDamaged(tok512, 8, (bytes) => readLlama2c(bytes, path));
  const llama2 = readFileSync(dataPath("tokenizers/llama2/tokenizer.model"));
  checkDamaged(llama2, 9, (bytes) => readSentencePiece(bytes, path), 8);
});
