/**
 * Tokenizers against the reference libraries: every text, with and without special tokens.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { readGguf } from "../../lib/formats/gguf.ts";
import {
  createTokenizer,
  loadTokenizer,
  parseTokenizer,
  serializeTokenizer,
  toGgufMetadata,
  type Tokenizer,
  toTokenizerJson,
} from "../../lib/tokenizer/mod.ts";
import { dataPath, needsData } from "../support/data.ts";

interface Case {
  readonly id: string;
  readonly text: string;
  readonly ids: readonly number[];
  readonly ids_plain?: readonly number[];
  readonly ids_full?: readonly number[];
  readonly decoded?: string;
  readonly decoded_skip_special?: string;
}

interface ByteCase {
  readonly ids: readonly number[];
  readonly bytes_hex: string;
  readonly text: string;
}

interface CorpusCase {
  readonly tokenizer: string;
  readonly text: string;
  readonly n_ids: number;
  readonly sha256_u32le: string;
}

function readCases<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(dataPath(`tokenizers/${name}`), "utf8")).cases;
}

function loadFile(name: string): Tokenizer {
  return loadTokenizer({ kind: "file", path: dataPath(name) });
}

function loadGguf(name: string): Tokenizer {
  const path = dataPath(name);
  return loadTokenizer({ kind: "gguf", metadata: readGguf(path).metadata, path });
}

/** The same tokenizer by way of the compact form. */
function throughBytes(tokenizer: Tokenizer): Tokenizer {
  return createTokenizer(parseTokenizer(serializeTokenizer(tokenizer.definition), "copy"), "copy");
}

/** The same tokenizer by way of GGUF's keys. */
function throughGguf(tokenizer: Tokenizer): Tokenizer {
  const metadata = toGgufMetadata(tokenizer.definition);
  return loadTokenizer({ kind: "gguf", metadata, path: "copy.gguf" });
}

/** The same tokenizer by way of a folder with `tokenizer.json`. */
function throughJson(tokenizer: Tokenizer): Tokenizer {
  const folder = mkdtempSync(join(tmpdir(), "qorus-tokenizer-"));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "tokenizer.json"), toTokenizerJson(tokenizer.definition));
    return loadTokenizer({ kind: "huggingface", folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function decodeByStream(tokenizer: Tokenizer, ids: Iterable<number>): string {
  const stream = tokenizer.decodeStream();
  let text = "";
  for (const id of ids) {
    const part = stream.push(id);
    assert(part.isWellFormed(), `half a character: ${JSON.stringify(part)}`);
    text += part;
  }
  return text + stream.flush();
}

/** Checks every field of every case. */
function checkCases(
  tokenizer: Tokenizer,
  cases: readonly Case[],
  parseSpecial?: boolean,
): void {
  for (const entry of cases) {
    const ids = [...tokenizer.encode(entry.text, { addBos: false, parseSpecial })];
    assertEquals(ids, [...entry.ids], `${entry.id}: ids`);
    if (entry.ids_plain !== undefined) {
      const plain = tokenizer.encode(entry.text, { addBos: false, parseSpecial: false });
      assertEquals([...plain], [...entry.ids_plain], `${entry.id}: ids_plain`);
    }
    if (entry.ids_full !== undefined) {
      const full = tokenizer.encode(entry.text, { parseSpecial });
      assertEquals([...full], [...entry.ids_full], `${entry.id}: ids_full`);
    }
    if (entry.decoded !== undefined) {
      assertEquals(tokenizer.decode(entry.ids), entry.decoded, `${entry.id}: decoded`);
      assertEquals(decodeByStream(tokenizer, entry.ids), entry.decoded, `${entry.id}: streamed`);
    }
    if (entry.decoded_skip_special !== undefined) {
      const skipped = tokenizer.decode(entry.ids, { skipSpecial: true });
      assertEquals(skipped, entry.decoded_skip_special, `${entry.id}: decoded_skip_special`);
    }
  }
}

const files = [
  { folder: "gpt2", file: "tokenizers/gpt2/tokenizer.json" },
  { folder: "cl100k_base", file: "tokenizers/cl100k_base/cl100k_base.tiktoken" },
  { folder: "llama2", file: "tokenizers/llama2/tokenizer.model" },
  { folder: "llama2-hf", file: "tokenizers/llama2/tokenizer.json" },
  { folder: "tok512", file: "models/stories260K/tok512.bin" },
];

for (const { folder, file } of files) {
  const expectations = `${folder}/expectations.json`;
  test(`${folder}: every text as the reference has it`, needsData, () => {
    checkCases(loadFile(file), readCases(expectations));
  });

  test(`${folder}: the compact form gives the same`, needsData, () => {
    checkCases(throughBytes(loadFile(file)), readCases(expectations));
  });

  test(`${folder}: GGUF metadata gives the same`, needsData, () => {
    const tokenizer = loadFile(file);
    const { parseSpecial } = tokenizer.definition;
    checkCases(throughGguf(tokenizer), readCases(expectations), parseSpecial);
  });

  test(`${folder}: tokenizer.json gives the same`, needsData, () => {
    const tokenizer = loadFile(file);
    const { parseSpecial } = tokenizer.definition;
    checkCases(throughJson(tokenizer), readCases(expectations), parseSpecial);
  });
}

test("llama2: tokenizer.bin agrees with tokenizer.model", needsData, () => {
  // llama2.c's form has plain spaces, so it tells U+2581 from a space and SentencePiece does not.
  const cases = readCases<Case>("llama2/expectations.json")
    .filter((entry) => !entry.text.includes("\u2581"));
  checkCases(loadFile("tokenizers/llama2/tokenizer.bin"), cases);
});

const ggufForms = [
  { folder: "gpt2", file: "tokenizers/gguf-vocab/ggml-vocab-gpt-2.gguf" },
  { folder: "llama2", file: "tokenizers/gguf-vocab/ggml-vocab-llama-spm.gguf" },
  { folder: "tok512", file: "models/stories260K/stories260K-f32.gguf" },
];

for (const { folder, file } of ggufForms) {
  test(`${folder}: every text from GGUF`, needsData, () => {
    const cases = readCases<Case>(`${folder}/expectations.json`)
      .filter((entry) => folder !== "tok512" || !entry.text.includes("\u2581"));
    checkCases(loadGguf(file), cases);
  });
}

for (const name of ["ggml-vocab-gpt-2", "ggml-vocab-llama-spm"]) {
  test(`gguf-vocab: ${name} as llama.cpp has it`, needsData, () => {
    const path = `tokenizers/gguf-vocab/${name}.gguf`;
    const tokenizer = loadGguf(path);
    const texts = readFileSync(dataPath(`${path}.inp`), "utf8").split("\n__ggml_vocab_test__\n");
    const lines = readFileSync(dataPath(`${path}.out`), "utf8").split("\n");
    assert(texts.length >= 46 && lines.length >= texts.length, `${texts.length} texts`);
    for (const [index, text] of texts.entries()) {
      const expected = lines[index].split(" ").filter((id) => id !== "").map(Number);
      const ids = [...tokenizer.encode(text, { addBos: false })];
      assertEquals(ids, expected, `text ${index}: ${JSON.stringify(text)}`);
    }
  });
}

for (const { folder, file } of files.slice(1, 3)) {
  test(`${folder}: bytes that are no text`, needsData, () => {
    const tokenizer = loadFile(file);
    for (const entry of readCases<ByteCase>(`${folder}/bytes.json`)) {
      const bytes = entry.ids.flatMap((id) => [...tokenizer.bytesOf(id)]);
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
      assertEquals(hex, entry.bytes_hex);
      assertEquals(tokenizer.decode(entry.ids), entry.text, entry.bytes_hex);
      assertEquals(decodeByStream(tokenizer, entry.ids), entry.text, entry.bytes_hex);
    }
  });
}

test("whole texts: number of ids and SHA-256", needsData, () => {
  for (const { folder, file } of files.slice(0, 3)) {
    const tokenizer = loadFile(file);
    const cases = readCases<CorpusCase>("corpus.json")
      .filter((entry) => entry.tokenizer === folder);
    assertEquals(cases.length, 2);
    for (const entry of cases) {
      const text = readFileSync(dataPath(entry.text), "utf8");
      const ids = tokenizer.encode(text, { addBos: false });
      assertEquals(ids.length, entry.n_ids, `${folder} ${entry.text}`);
      const hash = createHash("sha256").update(new Uint8Array(ids.buffer)).digest("hex");
      assertEquals(hash, entry.sha256_u32le, `${folder} ${entry.text}`);
      assertEquals(tokenizer.decode(ids), text);
    }
  }
});
