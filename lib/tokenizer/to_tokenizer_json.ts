/**
 * Writes `tokenizer.json` and the tokenizer's part of `tokenizer_config.json`.
 *
 * @module
 */

import { spellBytes } from "./byte_alphabet.ts";
import {
  bytePieceName,
  pieceTypes,
  plainAddedToken,
  spaceSymbol,
  type SplitStep,
  type TextStep,
  type TokenizerDefinition,
} from "./definition.ts";
import { explicitMerges } from "./explicit_merges.ts";
import { unsupported } from "./file_errors.ts";
import { gpt2Pattern } from "./pre_tokenizer_names.ts";

type Json = Record<string, unknown>;

const target = "tokenizer.json";

/** A list of components as Hugging Face has it: null, the one, or a sequence. */
function sequence(list: readonly Json[], member: string): Json | null {
  return list.length < 2 ? list[0] ?? null : { type: "Sequence", [member]: list };
}

/** How vocabulary files spell every piece. */
export function spelledPieces(definition: TokenizerDefinition): string[] {
  const { pieces, types, kind } = definition;
  return Array.from({ length: pieces.length }, (_, id) => {
    if (types[id] === pieceTypes.byte) return bytePieceName(pieces.at(id)[0]);
    const spelled = kind === "byteLevel" && types[id] === pieceTypes.normal;
    return spelled ? spellBytes(pieces.at(id)) : pieces.text(id);
  });
}

function normalizerJson(step: TextStep): Json {
  switch (step.type) {
    case "unicode":
      return { type: step.form };
    case "lowercase":
      return { type: "Lowercase" };
    case "replace":
      return {
        type: "Replace",
        pattern: step.regex ? { Regex: step.from } : { String: step.from },
        content: step.to,
      };
    case "prepend":
      if (step.onlyFirst || step.unlessPresent) {
        throw unsupported(target, "normalizers", JSON.stringify(step), "an unconditional prefix");
      }
      return { type: "Prepend", prepend: step.text };
  }
}

function splitJson(split: SplitStep): Json {
  // Oniguruma reads `{1,3}+` as a repetition; where an alternative ends, plain greed is the same.
  const pattern = split.pattern.replace(/(\{\d+(?:,\d*)?\})\+(?=\||$)/g, "$1");
  return {
    type: "Split",
    pattern: { Regex: pattern },
    behavior: split.keep === "isolated" ? "Isolated" : "Removed",
    invert: split.keep === "matches",
  };
}

function byteLevelJson(prefix: boolean, regex: boolean): Json {
  return { type: "ByteLevel", add_prefix_space: prefix, trim_offsets: true, use_regex: regex };
}

function byteLevelPreTokenizer(definition: TokenizerDefinition): Json | null {
  const { rewrites, splits } = definition;
  const isGpt2 = splits.length === 1 && splits[0].pattern === gpt2Pattern &&
    splits[0].keep === "isolated";
  const [first] = rewrites;
  const prefix = first?.type === "prepend" && first.text === " ";
  if (rewrites.length > Number(prefix) || (prefix && !isGpt2)) {
    throw unsupported(target, "rewrites", JSON.stringify(rewrites), "none with these cuts");
  }
  if (isGpt2) return byteLevelJson(prefix, true);
  return sequence([...splits.map(splitJson), byteLevelJson(false, false)], "pretokenizers");
}

function metaspacePreTokenizer(definition: TokenizerDefinition): Json | null {
  const { rewrites, splits } = definition;
  const list: Json[] = [];
  if (rewrites.length > 0) {
    const [escape, prefix] = rewrites;
    const isMetaspace = escape.type === "replace" && escape.to === spaceSymbol &&
      rewrites.length <= 2 && (prefix === undefined || prefix.type === "prepend");
    if (!isMetaspace) {
      throw unsupported(target, "rewrites", JSON.stringify(rewrites), "those of Metaspace");
    }
    const always = prefix?.type === "prepend" && !prefix.onlyFirst ? "always" : "first";
    list.push({
      type: "Metaspace",
      replacement: spaceSymbol,
      prepend_scheme: prefix === undefined ? "never" : always,
      split: false,
    });
  }
  return sequence([...list, ...splits.map(splitJson)], "pretokenizers");
}

function decoderJson(definition: TokenizerDefinition): Json {
  if (definition.kind === "byteLevel") return byteLevelJson(false, true);
  const list: Json[] = [{ type: "ByteFallback" }, { type: "Fuse" }];
  if (definition.escapedSpaces) {
    list.unshift({ type: "Replace", pattern: { String: spaceSymbol }, content: " " });
  }
  if (definition.stripLeadingSpace) {
    list.push({ type: "Strip", content: " ", start: 1, stop: 0 });
  }
  return { type: "Sequence", decoders: list };
}

function postProcessorJson(definition: TokenizerDefinition, spelled: readonly string[]): unknown {
  const begin = definition.addBos ? definition.beginToken : undefined;
  const end = definition.addEos ? definition.endTokens[0] : undefined;
  if (begin === undefined && end === undefined) return null;
  const side = (id: number | undefined, typeId: number) =>
    id === undefined ? [] : [{ SpecialToken: { id: spelled[id], type_id: typeId } }];
  const frame = (name: string, typeId: number) => [
    ...side(begin, typeId),
    { Sequence: { id: name, type_id: typeId } },
    ...side(end, typeId),
  ];
  const tokens = [begin, end].filter((id) => id !== undefined);
  return {
    type: "TemplateProcessing",
    single: frame("A", 0),
    pair: [...frame("A", 0), ...frame("B", 1)],
    special_tokens: Object.fromEntries(
      tokens.map((id) => [spelled[id], { id: spelled[id], ids: [id], tokens: [spelled[id]] }]),
    ),
  };
}

function addedTokensJson(definition: TokenizerDefinition, spelled: readonly string[]): Json[] {
  const { addedTokens, unknownToken } = definition;
  const listed = new Map(addedTokens.map((token) => [token.id, token]));
  if (unknownToken !== undefined && !listed.has(unknownToken)) {
    listed.set(unknownToken, plainAddedToken(unknownToken, spelled[unknownToken], true));
  }
  return [...listed.values()].sort((a, b) => a.id - b.id).map((token) => ({
    id: token.id,
    content: spelled[token.id],
    single_word: token.singleWord,
    lstrip: token.stripLeft,
    rstrip: token.stripRight,
    normalized: token.normalized,
    special: token.special,
  }));
}

function modelJson(definition: TokenizerDefinition, spelled: readonly string[]): Json {
  const { types, unknownToken } = definition;
  const vocabulary = new Map<string, number>();
  const isOrdinary = (id: number) =>
    types[id] === pieceTypes.normal || types[id] === pieceTypes.byte;
  for (const ordinary of [true, false]) {
    for (const [id, piece] of spelled.entries()) {
      if (piece === "" || isOrdinary(id) !== ordinary || vocabulary.has(piece)) continue;
      vocabulary.set(piece, id);
    }
  }
  const triples = explicitMerges(definition);
  const merges = Array.from(
    { length: triples.length / 3 },
    (_, merge) => [spelled[triples[merge * 3]], spelled[triples[merge * 3 + 1]]],
  );
  return {
    type: "BPE",
    dropout: null,
    unk_token: unknownToken === undefined ? null : spelled[unknownToken],
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: definition.fuseUnknown,
    byte_fallback: definition.kind !== "byteLevel",
    ignore_merges: definition.ignoreMerges,
    vocab: Object.fromEntries([...vocabulary].sort((a, b) => a[1] - b[1])),
    merges,
  };
}

/**
 * The text of a `tokenizer.json` that gives the same ids.
 *
 * Three things the format cannot say: that special tokens are not looked for unless asked
 * (`parseSpecial`), pieces of type `unused` that take part in merges, and SentencePiece's words of
 * type `user` inside of a text whose prefix is part of the word.
 *
 * @throws QorusError `unsupported` where the definition has rewritings that the format lacks.
 */
export function toTokenizerJson(definition: TokenizerDefinition): string {
  const spelled = spelledPieces(definition);
  const json = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokensJson(definition, spelled),
    normalizer: sequence(definition.normalizers.map(normalizerJson), "normalizers"),
    pre_tokenizer: definition.kind === "byteLevel"
      ? byteLevelPreTokenizer(definition)
      : metaspacePreTokenizer(definition),
    post_processor: postProcessorJson(definition, spelled),
    decoder: decoderJson(definition),
    model: modelJson(definition, spelled),
  };
  return JSON.stringify(json, null, 1);
}

/**
 * What `tokenizer_config.json` says about special tokens, to be written beside `tokenizer.json`.
 */
export function toTokenizerConfig(definition: TokenizerDefinition): Json {
  const spelled = spelledPieces(definition);
  const name = (id: number | undefined) => id === undefined ? null : spelled[id];
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: name(definition.beginToken),
    eos_token: name(definition.endTokens[0]),
    pad_token: name(definition.padToken),
    unk_token: name(definition.unknownToken),
    add_bos_token: definition.addBos,
    add_eos_token: definition.addEos,
    clean_up_tokenization_spaces: false,
  };
}
