/**
 * BPE training against Hugging Face's trainer: the same merges in the same order.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { trainBpe } from "../../lib/tokenizer/mod.ts";
import { mergesOf } from "../support/tokenizer_files.ts";

interface Case {
  readonly name: string;
  readonly splitPattern: string | null;
  readonly vocabSize: number;
  readonly minFrequency: number;
  readonly merges: readonly string[];
  readonly pieces: string;
}

const file = new URL("data/train_bpe.json", import.meta.url);
const golden: {
  readonly texts: readonly string[];
  readonly probe: string;
  readonly cases: readonly Case[];
} = JSON.parse(readFileSync(file, "utf8"));

for (const { name, splitPattern, vocabSize, minFrequency, merges, pieces } of golden.cases) {
  test(`trainBpe against Hugging Face: ${name}`, async () => {
    const tokenizer = await trainBpe(golden.texts, vocabSize, {
      minFrequency,
      splitPattern: splitPattern ?? undefined,
    });
    assertEquals(mergesOf(tokenizer), [...merges]);
    const encoded = Array.from(tokenizer.encode(golden.probe), (id) => tokenizer.pieceOf(id));
    assertEquals(encoded.join(" "), pieces);
  });
}
