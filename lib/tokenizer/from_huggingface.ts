/**
 * What the files beside `tokenizer.json` or `tokenizer.model` say about special tokens.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type AddedToken,
  pieceTypes,
  plainAddedToken,
  type TokenizerDefinition,
} from "./definition.ts";
import { invalidFile, largestVocabulary, readBytes } from "./file_errors.ts";
import { specialIds } from "./from_tokenizer_json.ts";
import { JsonFields, type JsonObject } from "./json_fields.ts";
import { endTokensOf } from "./special_names.ts";
import { VocabularyBuilder } from "./vocabulary_builder.ts";

/** Adds the tokens of `added_tokens_decoder` that the vocabulary does not know yet. */
function addTokens(
  definition: TokenizerDefinition,
  config: JsonObject,
  fields: JsonFields,
): TokenizerDefinition {
  const entries = fields.optionalObject(config.added_tokens_decoder, "added_tokens_decoder");
  const known = new Set(definition.addedTokens.map((token) => token.id));
  const vocabulary = new VocabularyBuilder(fields.path);
  for (let id = 0; id < definition.pieces.length; id++) {
    vocabulary.set(id, definition.pieces.at(id), definition.types[id]);
  }
  const added: AddedToken[] = [];
  for (const [key, value] of Object.entries(entries ?? {})) {
    const field = `added_tokens_decoder[${JSON.stringify(key)}]`;
    const id = fields.id(/^\d+$/.test(key) ? Number(key) : key, field, largestVocabulary);
    if (known.has(id)) continue;
    const token = fields.object(value, field);
    const content = fields.string(token.content, `${field}.content`);
    const special = fields.boolean(token.special, `${field}.special`, false);
    const inVocabulary = vocabulary.has(id);
    if (inVocabulary && definition.pieces.text(id) !== content) {
      const expected = JSON.stringify(definition.pieces.text(id));
      throw invalidFile(fields.path, `${field}.content`, content, `${expected}, as the vocabulary`);
    }
    if (id !== definition.unknownToken) {
      const type = special ? pieceTypes.control : pieceTypes.user;
      vocabulary.set(id, new TextEncoder().encode(content), type);
    }
    added.push({
      ...plainAddedToken(id, content, special),
      stripLeft: fields.boolean(token.lstrip, `${field}.lstrip`, false),
      stripRight: fields.boolean(token.rstrip, `${field}.rstrip`, false),
      singleWord: fields.boolean(token.single_word, `${field}.single_word`, false),
    });
  }
  if (added.length === 0) return definition;
  const scores = new Float32Array(definition.ranking === "scores" ? vocabulary.size : 0);
  scores.set(definition.scores);
  const addedTokens = [...definition.addedTokens, ...added];
  return { ...definition, ...vocabulary.build(), scores, addedTokens };
}

/** The id of a token that the configuration names, as text or as an object with `content`. */
function namedToken(
  config: JsonObject,
  name: string,
  special: ReadonlyMap<string, number>,
  fields: JsonFields,
): number | undefined {
  const value = config[name];
  if (value === undefined || value === null) return undefined;
  const content = typeof value === "string" ? value : fields.object(value, name).content;
  return special.get(fields.string(content, name));
}

/**
 * The definition of a folder's tokenizer file, with what `tokenizer_config.json` adds to it.
 *
 * @throws QorusError `invalid_file` naming the field.
 */
export function readHuggingFaceFolder(
  folder: string,
  definition: TokenizerDefinition,
): TokenizerDefinition {
  const path = join(folder, "tokenizer_config.json");
  if (!existsSync(path)) return definition;
  const fields = new JsonFields(path);
  const config = fields.parse(readBytes(path));
  const extended = addTokens(definition, config, fields);
  const special = specialIds(extended.addedTokens);
  const eos = namedToken(config, "eos_token", special, fields);
  return {
    ...extended,
    parseSpecial: true,
    beginToken: namedToken(config, "bos_token", special, fields) ?? extended.beginToken,
    endTokens: endTokensOf(eos ?? extended.endTokens[0], special),
    padToken: namedToken(config, "pad_token", special, fields) ?? extended.padToken,
    addBos: fields.boolean(config.add_bos_token, "add_bos_token", extended.addBos),
    addEos: fields.boolean(config.add_eos_token, "add_eos_token", extended.addEos),
  };
}
