/**
 * Writes a tokenizer as GGUF metadata.
 *
 * @module
 */

import type { GgufValue } from "../formats/types.ts";
import { pieceTypes, spaceSymbol, type TokenizerDefinition } from "./definition.ts";
import { explicitMerges, scoresOfMerges } from "./explicit_merges.ts";
import { addedTokensOfTypes, sentencePieceNormalizers } from "./from_sentencepiece.ts";
import { preTokenizerBySplits } from "./pre_tokenizer_names.ts";
import { spelledPieces, toTokenizerJson } from "./to_tokenizer_json.ts";

function sameData(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function sentencePieceFlags(definition: TokenizerDefinition): {
  readonly addSpacePrefix: boolean;
  readonly collapseSpaces: boolean;
} {
  const { normalizers } = definition;
  return {
    addSpacePrefix: normalizers.some((step) => step.type === "prepend"),
    collapseSpaces: normalizers.some((step) => step.type === "replace" && step.from === " {2,}"),
  };
}

/** Whether GGUF's own keys say everything that the definition says. */
function isExact(definition: TokenizerDefinition): boolean {
  const { pieces, types, kind, ranking, ignoreMerges, splits } = definition;
  const plain = definition.rewrites.length === 0 &&
    sameData(definition.addedTokens, addedTokensOfTypes(pieces, types));
  if (kind === "byteLevel") {
    return plain && ranking === "merges" && definition.normalizers.length === 0 &&
      preTokenizerBySplits(splits, ignoreMerges) !== undefined;
  }
  const flags = { ...sentencePieceFlags(definition), escapeSpaces: true };
  return plain && kind === "sentencePiece" && ranking === "scores" && splits.length === 0 &&
    !ignoreMerges && definition.fuseUnknown && definition.escapedSpaces &&
    definition.stripLeadingSpace === (flags.addSpacePrefix || flags.collapseSpaces) &&
    sameData(definition.normalizers, sentencePieceNormalizers(flags));
}

/** Pieces as GGUF spells them; ids without a piece need a name that no other has. */
function ggufPieces(definition: TokenizerDefinition): string[] {
  const { types, kind, escapedSpaces } = definition;
  return spelledPieces(definition).map((piece, id) => {
    if (piece === "") return `[UNUSED${id}]`;
    const escape = kind !== "byteLevel" && !escapedSpaces && types[id] === pieceTypes.normal;
    return escape ? piece.replaceAll(" ", spaceSymbol) : piece;
  });
}

/**
 * The keys under `tokenizer.` that describe the definition, for a GGUF file.
 *
 * Where those keys cannot say all of it (an unnamed pattern, a normalizer, a list of merges with
 * byte fallback) the whole `tokenizer.json` is added under GGUF's key for it, which our reader
 * prefers; programs that read only the other keys get the nearest that GGUF can express.
 *
 * @throws QorusError `unsupported` where `tokenizer.json` is needed and cannot say it either.
 */
export function toGgufMetadata(definition: TokenizerDefinition): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  const set = (name: string, value: GgufValue) => metadata.set(`tokenizer.ggml.${name}`, value);
  const strings = (value: readonly string[]): GgufValue => ({
    type: "array",
    element: "string",
    value,
  });
  const pieces = ggufPieces(definition);
  const byteLevel = definition.kind === "byteLevel";
  set("model", { type: "string", value: byteLevel ? "gpt2" : "llama" });
  const named = preTokenizerBySplits(definition.splits, definition.ignoreMerges) ??
    preTokenizerBySplits(definition.splits, !definition.ignoreMerges);
  set("pre", { type: "string", value: byteLevel ? named?.names[0] ?? "default" : "default" });
  set("tokens", strings(pieces));
  if (byteLevel) {
    const triples = explicitMerges(definition);
    const merges = Array.from(
      { length: triples.length / 3 },
      (_, merge) => `${pieces[triples[merge * 3]]} ${pieces[triples[merge * 3 + 1]]}`,
    );
    set("merges", strings(merges));
  } else {
    const { addSpacePrefix, collapseSpaces } = sentencePieceFlags(definition);
    set("scores", { type: "array", element: "f32", value: scoresOfMerges(definition) });
    set("add_space_prefix", { type: "bool", value: addSpacePrefix });
    set("remove_extra_whitespaces", { type: "bool", value: collapseSpaces });
  }
  set("token_type", { type: "array", element: "i32", value: Int32Array.from(definition.types) });
  const ids = {
    bos: definition.beginToken,
    eos: definition.endTokens[0],
    padding: definition.padToken,
    unknown: definition.unknownToken,
  };
  for (const [name, id] of Object.entries(ids)) {
    if (id !== undefined) set(`${name}_token_id`, { type: "u32", value: id });
  }
  set("add_bos_token", { type: "bool", value: definition.addBos });
  set("add_eos_token", { type: "bool", value: definition.addEos });
  if (!isExact(definition)) {
    const json = toTokenizerJson(definition);
    metadata.set("tokenizer.huggingface.json", { type: "string", value: json });
  }
  return metadata;
}
