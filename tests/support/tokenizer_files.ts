/**
 * Small tokenizer files, made byte by byte.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  loadTokenizer,
  type LoadTokenizerOptions,
  type Tokenizer,
} from "../../lib/tokenizer/mod.ts";

const utf8 = new TextEncoder();

/** A piece of SentencePiece's vocabulary; types as in `sentencepiece_model.proto`. */
export interface SmallPiece {
  readonly piece: string;
  readonly score?: number;
  readonly type?: number;
}

/** Bytes one after the other. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return Uint8Array.from(bytes);
}

/** A field of a protocol buffer: an integer, or a run of bytes with its length. */
export function protobufField(number: number, value: number | Uint8Array): Uint8Array {
  return typeof value === "number"
    ? concatenate([varint(number * 8), varint(value)])
    : concatenate([varint(number * 8 + 2), varint(value.length), value]);
}

function float32(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer);
}

/** Unknown, begin, end and the 256 bytes: how every Llama vocabulary begins. */
export const commonPieces: readonly SmallPiece[] = [
  { piece: "<unk>", type: 2 },
  { piece: "<s>", type: 3 },
  { piece: "</s>", type: 3 },
  ...Array.from({ length: 256 }, (_, byte) => ({
    piece: `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
    type: 6,
  })),
];

/** Ids 259 and later of the small vocabularies: characters and words of "hello hell low". */
export const wordPieces: readonly SmallPiece[] = [
  ..."\u2581helowé".split("").map((piece, index) => ({ piece, score: -100 - index })),
  { piece: "he", score: -1 },
  { piece: "ll", score: -2 },
  { piece: "hell", score: -3 },
  { piece: "\u2581hell", score: -4 },
  { piece: "\u2581hello", score: -5 },
  { piece: "lo", score: -6 },
  { piece: "low", score: -7 },
];

/** A `tokenizer.model` of type BPE with Llama's settings. */
export function sentencePieceFile(pieces: readonly SmallPiece[], dummyPrefix = 1): Uint8Array {
  const messages = pieces.map(({ piece, score = 0, type = 1 }) =>
    protobufField(
      1,
      concatenate([
        protobufField(1, utf8.encode(piece)),
        Uint8Array.of(2 * 8 + 5),
        float32(score),
        protobufField(3, type),
      ]),
    )
  );
  const trainer = protobufField(3, 2);
  const normalizer = concatenate([protobufField(3, dummyPrefix), protobufField(4, 0)]);
  return concatenate([...messages, protobufField(2, trainer), protobufField(3, normalizer)]);
}

/** llama2.c's `tokenizer.bin` with the pieces' spaces plain. */
export function llama2cFile(pieces: readonly SmallPiece[]): Uint8Array {
  const texts = pieces.map(({ piece }) => utf8.encode(piece.replaceAll("\u2581", " ")));
  const longest = Math.max(...texts.map((text) => text.length));
  const parts = texts.map((text, id) => {
    const head = new DataView(new ArrayBuffer(8));
    head.setFloat32(0, pieces[id].score ?? 0, true);
    head.setInt32(4, text.length, true);
    return concatenate([new Uint8Array(head.buffer), text]);
  });
  return concatenate([new Uint8Array(Int32Array.of(longest).buffer), ...parts]);
}

/** A tiktoken rank file: all bytes, then these texts. */
export function tiktokenFile(texts: readonly string[]): Uint8Array {
  const single = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
  const lines = [...single, ...texts].map((text, rank) => `${btoa(text)} ${rank}\n`);
  return utf8.encode(lines.join(""));
}

/** A small byte-level `tokenizer.json`; `changes` replace its members. */
export function byteLevelJson(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const merges = [["h", "e"], ["l", "l"], ["he", "ll"], ["Ġ", "hell"], ["hell", "o"]];
  const characters = [..."helow!Ġ1Ã©Ċ"];
  const pieces = [...characters, ...merges.map((pair) => pair.join(""))];
  const special = pieces.length;
  return {
    added_tokens: [{ id: special, content: "<|end|>", special: true, normalized: false }],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      merges,
    },
    ...changes,
  };
}

/** JSON as a file's bytes. */
export function jsonFile(value: unknown): Uint8Array {
  return utf8.encode(JSON.stringify(value));
}

/** Runs with a file of this name and content in a folder of its own, which is then removed. */
export function withFile<T>(name: string, bytes: Uint8Array, run: (path: string) => T): T {
  const path = join(mkdtempSync(join(tmpdir(), "qorus-tokenizer-")), name);
  try {
    writeFileSync(path, bytes);
    return run(path);
  } finally {
    rmSync(dirname(path), { recursive: true });
  }
}

/** The tokenizer in a file of this name and content. */
export function loadBytes(
  name: string,
  bytes: Uint8Array,
  options: LoadTokenizerOptions = {},
): Tokenizer {
  return withFile(name, bytes, (path) => loadTokenizer({ kind: "file", path }, options));
}

/** The merges of a tokenizer as `merges.txt` spells them, best first. */
export function mergesOf(tokenizer: Tokenizer): string[] {
  const { merges } = tokenizer.definition;
  return Array.from({ length: merges.length / 3 }, (_, index) => {
    const [left, right] = merges.subarray(index * 3);
    return `${tokenizer.pieceOf(left)} ${tokenizer.pieceOf(right)}`;
  });
}

/** Numbers below 2^32, the same for the same seed (xorshift). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
