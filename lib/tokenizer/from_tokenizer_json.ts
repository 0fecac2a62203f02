/**
 * Reads Hugging Face's `tokenizer.json`: BPE models, byte-level or with byte fallback.
 *
 * @module
 */

import { unspellBytes } from "./byte_alphabet.ts";
import {
  type AddedToken,
  byteOfPieceName,
  definitionDefaults,
  pieceTypes,
  plainAddedToken,
  type TokenizerDefinition,
} from "./definition.ts";
import { invalidFile, largestVocabulary, unsupported } from "./file_errors.ts";
import type { JsonFields, JsonObject } from "./json_fields.ts";
import {
  readDecoder,
  readNormalizer,
  readPostProcessor,
  readPreTokenizer,
} from "./json_pipeline.ts";
import { endTokensOf } from "./special_names.ts";
import { VocabularyBuilder } from "./vocabulary_builder.ts";
import { compileSteps } from "./words.ts";

const utf8 = new TextEncoder();

interface Model {
  readonly ids: ReadonlyMap<string, number>;
  readonly vocabulary: VocabularyBuilder;
  readonly unknownToken?: number;
  readonly byteFallback: boolean;
}

/** Refuses options of the model that change what it does and that Qorus does not have. */
function checkModel(model: JsonObject, fields: JsonFields): void {
  const type = model.type ?? (Array.isArray(model.merges) ? "BPE" : undefined);
  if (type !== "BPE") throw unsupported(fields.path, "model.type", type, '"BPE"');
  for (const name of ["continuing_subword_prefix", "end_of_word_suffix"]) {
    const affix = model[name] ?? "";
    if (affix !== "") throw unsupported(fields.path, `model.${name}`, affix, "none");
  }
  const dropout = model.dropout ?? 0;
  if (dropout !== 0) throw unsupported(fields.path, "model.dropout", dropout, "none");
}

function readVocabulary(model: JsonObject, byteLevel: boolean, fields: JsonFields): Model {
  const vocabulary = new VocabularyBuilder(fields.path);
  const ids = new Map<string, number>();
  const byteFallback = fields.boolean(model.byte_fallback, "model.byte_fallback", false);
  const entries = Object.entries(fields.object(model.vocab, "model.vocab"));
  for (const [piece, value] of entries) {
    const field = `model.vocab[${JSON.stringify(piece)}]`;
    const id = fields.id(value, field, largestVocabulary);
    const byte = byteFallback ? byteOfPieceName(fields.string(piece, field)) : undefined;
    ids.set(piece, id);
    if (byte !== undefined) vocabulary.add(id, Uint8Array.of(byte), pieceTypes.byte);
    else {
      const bytes = (byteLevel ? unspellBytes(piece) : undefined) ?? utf8.encode(piece);
      vocabulary.add(id, bytes, pieceTypes.normal);
    }
  }
  const unknown = model.unk_token ?? undefined;
  if (unknown === undefined) return { ids, vocabulary, byteFallback };
  const unknownToken = ids.get(fields.string(unknown, "model.unk_token"));
  if (unknownToken === undefined) {
    throw invalidFile(fields.path, "model.unk_token", unknown, "a piece of model.vocab");
  }
  vocabulary.set(unknownToken, utf8.encode(unknown as string), pieceTypes.unknown);
  return { ids, vocabulary, byteFallback, unknownToken };
}

/** Merges are `"a b"` in older files and `["a", "b"]` in newer ones. */
function readPair(value: unknown, field: string, fields: JsonFields): [string, string] {
  if (typeof value === "string") {
    const space = value.indexOf(" ", 1);
    if (space > 0 && space < value.length - 1) {
      return [value.slice(0, space), value.slice(space + 1)];
    }
  } else if (Array.isArray(value) && value.length === 2) {
    return [fields.string(value[0], field), fields.string(value[1], field)];
  }
  throw invalidFile(fields.path, field, value, "two pieces");
}

/** Ids of the left piece, the right piece and their concatenation, for every merge. */
export function mergeTriples(
  pairs: Iterable<readonly [string, string]>,
  ids: ReadonlyMap<string, number>,
  path: string,
  field: string,
): Uint32Array {
  const triples: number[] = [];
  for (const [left, right] of pairs) {
    for (const piece of [left, right, left + right]) {
      const id = ids.get(piece);
      if (id === undefined) {
        const what = `${field}[${triples.length / 3 | 0}]`;
        throw invalidFile(path, what, piece, "pieces of the vocabulary");
      }
      triples.push(id);
    }
  }
  return Uint32Array.from(triples);
}

function readAddedTokens(
  json: JsonObject,
  model: Model,
  normalize: (text: string) => string,
  fields: JsonFields,
): AddedToken[] {
  const values = json.added_tokens === undefined || json.added_tokens === null
    ? []
    : fields.array(json.added_tokens, "added_tokens");
  return values.map((value, index) => {
    const field = `added_tokens[${index}]`;
    const token = fields.object(value, field);
    const content = fields.string(token.content, `${field}.content`);
    const id = fields.id(token.id, `${field}.id`, largestVocabulary);
    if (model.vocabulary.has(id) && model.ids.get(content) !== id) {
      throw invalidFile(fields.path, `${field}.id`, id, "an id that no other piece has");
    }
    const special = fields.boolean(token.special, `${field}.special`, false);
    const normalized = fields.boolean(token.normalized, `${field}.normalized`, !special);
    if (id !== model.unknownToken) {
      const type = special ? pieceTypes.control : pieceTypes.user;
      model.vocabulary.set(id, utf8.encode(content), type);
    }
    return {
      ...plainAddedToken(id, normalized ? normalize(content) : content, special),
      normalized,
      stripLeft: fields.boolean(token.lstrip, `${field}.lstrip`, false),
      stripRight: fields.boolean(token.rstrip, `${field}.rstrip`, false),
      singleWord: fields.boolean(token.single_word, `${field}.single_word`, false),
    };
  });
}

/** Ids of special tokens by what they are spelled like. */
export function specialIds(tokens: readonly AddedToken[]): Map<string, number> {
  const special = tokens.filter((token) => token.special);
  return new Map(special.map((token) => [token.content, token.id]));
}

/**
 * The definition in a parsed `tokenizer.json`, not yet checked as a whole.
 *
 * @throws QorusError `invalid_file` or `unsupported` naming the field.
 */
export function readTokenizerJson(json: JsonObject, fields: JsonFields): TokenizerDefinition {
  const normalizers = readNormalizer(json.normalizer, fields);
  const cuts = readPreTokenizer(json.pre_tokenizer, fields);
  const decoder = readDecoder(json.decoder, fields);
  const byteLevel = cuts.byteLevel || decoder.byteLevel;
  const modelJson = fields.object(json.model, "model");
  checkModel(modelJson, fields);
  const model = readVocabulary(modelJson, byteLevel, fields);
  const pairs = fields.array(modelJson.merges, "model.merges").map((value, index) =>
    readPair(value, `model.merges[${index}]`, fields)
  );
  const merges = mergeTriples(pairs, model.ids, fields.path, "model.merges");
  const normalize = compileSteps(normalizers, fields.path);
  const addedTokens = readAddedTokens(json, model, (text) => normalize(text, true), fields);
  const special = specialIds(addedTokens);
  const post = readPostProcessor(json.post_processor, fields);
  const beginToken = post.beginToken ?? special.get("<s>") ?? special.get("<|begin_of_text|>");
  return {
    ...definitionDefaults,
    ...model.vocabulary.build(),
    kind: byteLevel ? "byteLevel" : "sentencePiece",
    merges,
    ignoreMerges: fields.boolean(modelJson.ignore_merges, "model.ignore_merges", false),
    normalizers,
    rewrites: cuts.rewrites,
    splits: cuts.splits,
    addedTokens,
    escapedSpaces: decoder.escapedSpaces,
    stripLeadingSpace: decoder.stripLeadingSpace,
    fuseUnknown: fields.boolean(modelJson.fuse_unk, "model.fuse_unk", false),
    beginToken,
    endTokens: endTokensOf(post.endToken, special),
    padToken: special.get("<pad>"),
    unknownToken: model.unknownToken,
    addBos: post.beginToken !== undefined,
    addEos: post.endToken !== undefined,
  };
}
