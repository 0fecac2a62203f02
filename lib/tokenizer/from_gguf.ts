/**
 * Reads the tokenizer in GGUF metadata: the models `llama` (SentencePiece) and `gpt2` (byte-level).
 *
 * @module
 */

import type { GgufMetadata, GgufScalarType } from "../formats/types.ts";
import { unspellBytes } from "./byte_alphabet.ts";
import {
  byteOfPieceName,
  definitionDefaults,
  pieceTypes,
  type TokenizerDefinition,
} from "./definition.ts";
import { invalidFile, unsupported } from "./file_errors.ts";
import { addedTokensOfTypes, sentencePieceNormalizers } from "./from_sentencepiece.ts";
import { mergeTriples, readTokenizerJson } from "./from_tokenizer_json.ts";
import { JsonFields } from "./json_fields.ts";
import { isolated, preTokenizerByName, preTokenizerNames } from "./pre_tokenizer_names.ts";
import { endTokensOf } from "./special_names.ts";
import { VocabularyBuilder } from "./vocabulary_builder.ts";

const utf8 = new TextEncoder();

/** Checked access to the keys under `tokenizer.`. */
class TokenizerMetadata {
  readonly path: string;
  readonly #metadata: GgufMetadata;

  constructor(metadata: GgufMetadata, path: string) {
    this.#metadata = metadata;
    this.path = path;
  }

  #wrong(key: string, expected: string): Error {
    const value = this.#metadata.get(key);
    const given = value?.type === "array" ? `an array of ${value.element}` : value?.type;
    return invalidFile(this.path, key, given, expected);
  }

  string(key: string): string | undefined {
    const value = this.#metadata.get(key);
    if (value === undefined) return undefined;
    if (value.type !== "string") throw this.#wrong(key, "a string");
    return value.value;
  }

  boolean(key: string): boolean | undefined {
    const value = this.#metadata.get(key);
    if (value === undefined) return undefined;
    if (value.type !== "bool") throw this.#wrong(key, "a bool");
    return value.value;
  }

  /** An id; all ones mean that there is none, as llama.cpp writes it. */
  id(name: string): number | undefined {
    const key = `tokenizer.ggml.${name}_token_id`;
    const value = this.#metadata.get(key);
    if (value === undefined) return undefined;
    if (typeof value.value !== "number" || !Number.isInteger(value.value)) {
      throw this.#wrong(key, "a whole number");
    }
    return value.value === 0xffffffff || value.value === -1 ? undefined : value.value;
  }

  strings(key: string): readonly string[] {
    const value = this.#metadata.get(key);
    if (value?.type === "array" && value.element === "string") {
      return value.value as readonly string[];
    }
    throw this.#wrong(key, "an array of strings");
  }

  /** An array of numbers, one for each piece. */
  numbers(
    key: string,
    elements: readonly GgufScalarType[],
    length: number,
  ): ArrayLike<number> | undefined {
    const value = this.#metadata.get(key);
    if (value === undefined) return undefined;
    if (value.type !== "array" || !elements.includes(value.element)) {
      throw this.#wrong(key, `an array of ${elements.join(" or ")}`);
    }
    if (value.value.length !== length) {
      throw invalidFile(this.path, key, `${value.value.length} elements`, `${length}`);
    }
    return value.value as ArrayLike<number>;
  }
}

interface GgufPieces {
  readonly tokens: readonly string[];
  readonly vocabulary: VocabularyBuilder;
}

function readPieces(metadata: TokenizerMetadata, byteLevel: boolean): GgufPieces {
  const tokens = metadata.strings("tokenizer.ggml.tokens");
  const typesKey = "tokenizer.ggml.token_type";
  const types = metadata.numbers(typesKey, ["i32", "u32"], tokens.length);
  const vocabulary = new VocabularyBuilder(metadata.path);
  for (const [id, token] of tokens.entries()) {
    const type = types?.[id] ?? pieceTypes.normal;
    if (type < pieceTypes.normal || type > pieceTypes.byte) {
      throw invalidFile(metadata.path, `${typesKey}[${id}]`, type, "1 to 6");
    }
    const byte = type === pieceTypes.byte ? byteOfPieceName(token) : undefined;
    if (type === pieceTypes.byte && byte === undefined) {
      throw invalidFile(metadata.path, `tokenizer.ggml.tokens[${id}]`, token, "such as <0x0A>");
    }
    const spelled = byteLevel && type === pieceTypes.normal ? unspellBytes(token) : undefined;
    const bytes = byte === undefined ? spelled ?? utf8.encode(token) : Uint8Array.of(byte);
    vocabulary.set(id, bytes, type);
  }
  return { tokens, vocabulary };
}

/** Merges are `"a b"`; the first piece may itself begin with a space. */
function* readPairs(merges: readonly string[], path: string): Iterable<[string, string]> {
  for (const [index, merge] of merges.entries()) {
    const space = merge.indexOf(" ", 1);
    if (space < 0 || space === merge.length - 1) {
      throw invalidFile(path, `tokenizer.ggml.merges[${index}]`, merge, "two pieces and a space");
    }
    yield [merge.slice(0, space), merge.slice(space + 1)];
  }
}

function readByteLevel(metadata: TokenizerMetadata): TokenizerDefinition {
  const { path } = metadata;
  const name = metadata.string("tokenizer.ggml.pre") ?? "default";
  const preTokenizer = preTokenizerByName(name);
  if (preTokenizer === undefined) {
    throw unsupported(path, "tokenizer.ggml.pre", name, preTokenizerNames().join(", "));
  }
  const { tokens, vocabulary } = readPieces(metadata, true);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const field = "tokenizer.ggml.merges";
  const merges = mergeTriples(readPairs(metadata.strings(field), path), ids, path, field);
  const { pieces, types } = vocabulary.build();
  return {
    ...definitionDefaults,
    kind: "byteLevel",
    pieces,
    types,
    merges,
    ignoreMerges: preTokenizer.ignoreMerges,
    splits: isolated(preTokenizer.patterns),
    addedTokens: addedTokensOfTypes(pieces, types),
    beginToken: metadata.id("bos"),
    addBos: preTokenizer.addBos,
    unknownToken: metadata.id("unknown"),
  };
}

function readSentencePieceModel(metadata: TokenizerMetadata): TokenizerDefinition {
  const { tokens, vocabulary } = readPieces(metadata, false);
  const scores = metadata.numbers("tokenizer.ggml.scores", ["f32"], tokens.length);
  if (scores === undefined) {
    throw invalidFile(metadata.path, "tokenizer.ggml.scores", undefined, "a score for each piece");
  }
  const { pieces, types } = vocabulary.build();
  const addSpacePrefix = metadata.boolean("tokenizer.ggml.add_space_prefix") ?? true;
  const collapseSpaces = metadata.boolean("tokenizer.ggml.remove_extra_whitespaces") ?? false;
  return {
    ...definitionDefaults,
    kind: "sentencePiece",
    pieces,
    types,
    ranking: "scores",
    scores: Float32Array.from(scores),
    normalizers: sentencePieceNormalizers({ collapseSpaces, addSpacePrefix, escapeSpaces: true }),
    addedTokens: addedTokensOfTypes(pieces, types),
    escapedSpaces: true,
    stripLeadingSpace: addSpacePrefix || collapseSpaces,
    beginToken: metadata.id("bos") ?? 1,
    unknownToken: metadata.id("unknown") ?? 0,
    addBos: true,
    parseSpecial: false,
  };
}

/** The definition by GGUF's own keys, or by the whole `tokenizer.json` that some files carry. */
function readModel(metadata: TokenizerMetadata): TokenizerDefinition {
  const model = metadata.string("tokenizer.ggml.model");
  if (model !== "llama" && model !== "gpt2") {
    throw unsupported(metadata.path, "tokenizer.ggml.model", model, '"llama" or "gpt2"');
  }
  const json = metadata.string("tokenizer.huggingface.json");
  if (json !== undefined) {
    const fields = new JsonFields(metadata.path);
    return readTokenizerJson(fields.parse(utf8.encode(json)), fields);
  }
  return model === "gpt2" ? readByteLevel(metadata) : readSentencePieceModel(metadata);
}

/**
 * The definition in GGUF metadata, not yet checked as a whole.
 *
 * @throws QorusError `invalid_file` or `unsupported` naming the key.
 */
export function readGgufTokenizer(metadata: GgufMetadata, path: string): TokenizerDefinition {
  const keys = new TokenizerMetadata(metadata, path);
  const definition = readModel(keys);
  const { addedTokens } = definition;
  const special = new Map(
    addedTokens.filter((token) => token.special).map((token) => [token.content, token.id]),
  );
  const eos = keys.id("eos") ?? definition.endTokens[0] ??
    (definition.kind === "sentencePiece" ? 2 : undefined);
  const others = [keys.id("eot"), keys.id("eom")].filter((id) => id !== undefined);
  return {
    ...definition,
    beginToken: keys.id("bos") ?? definition.beginToken,
    endTokens: [...new Set([...endTokensOf(eos, special), ...others])],
    padToken: keys.id("padding") ?? definition.padToken,
    unknownToken: keys.id("unknown") ?? definition.unknownToken,
    addBos: keys.boolean("tokenizer.ggml.add_bos_token") ?? definition.addBos,
    addEos: keys.boolean("tokenizer.ggml.add_eos_token") ?? definition.addEos,
  };
}
