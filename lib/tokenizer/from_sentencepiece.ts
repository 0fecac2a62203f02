/**
 * Reads SentencePiece's `tokenizer.model`: models of type BPE.
 *
 * Field numbers are those of `sentencepiece_model.proto`.
 *
 * @module
 */

import {
  type AddedToken,
  byteOfPieceName,
  definitionDefaults,
  pieceTypes,
  plainAddedToken,
  spaceSymbol,
  type TextStep,
  type TokenizerDefinition,
} from "./definition.ts";
import { invalidFile, unsupported } from "./file_errors.ts";
import type { PieceTable } from "./pieces.ts";
import { WireMessage } from "./protobuf.ts";
import { endTokensOf } from "./special_names.ts";
import { VocabularyBuilder } from "./vocabulary_builder.ts";

const modelTypes = ["", "Unigram", "BPE", "word", "character"];
const utf8 = new TextEncoder();

/** The rewritings that SentencePiece's own flags ask for, in its order. */
export function sentencePieceNormalizers(flags: {
  readonly collapseSpaces: boolean;
  readonly addSpacePrefix: boolean;
  readonly escapeSpaces: boolean;
}): TextStep[] {
  const steps: TextStep[] = [];
  const replace = (from: string, to: string, regex: boolean) =>
    steps.push({ type: "replace", from, to, regex });
  if (flags.collapseSpaces) {
    replace(" {2,}", " ", true);
    replace("\\A | \\z", "", true);
  }
  const space = flags.escapeSpaces ? spaceSymbol : " ";
  if (flags.addSpacePrefix) {
    steps.push({ type: "prepend", text: space, onlyFirst: false, unlessPresent: false });
  }
  if (flags.escapeSpaces) replace(" ", spaceSymbol, false);
  return steps;
}

/** The tokens that SentencePiece looks for in text: its own pieces, as they are spelled. */
export function addedTokensOfTypes(pieces: PieceTable, types: Uint8Array): AddedToken[] {
  const tokens: AddedToken[] = [];
  for (let id = 0; id < pieces.length; id++) {
    if (pieces.byteLength(id) === 0) continue;
    if (types[id] === pieceTypes.control) {
      tokens.push(plainAddedToken(id, pieces.text(id), true));
    } else if (types[id] === pieceTypes.user) {
      tokens.push({ ...plainAddedToken(id, pieces.text(id), false), normalized: true });
    }
  }
  return tokens;
}

function checkTrainer(trainer: WireMessage, path: string): void {
  const type = trainer.integer(3, "model_type", 1);
  if (type !== 2) {
    const given = modelTypes[type] ?? String(type);
    throw unsupported(path, "trainer_spec.model_type", given, "BPE");
  }
  if (trainer.boolean(24, "treat_whitespace_as_suffix", false)) {
    throw unsupported(path, "trainer_spec.treat_whitespace_as_suffix", true, "false");
  }
}

/**
 * The definition in a `tokenizer.model`, not yet checked as a whole.
 *
 * SentencePiece's files do not say whether texts begin with the begin token; `addBos` is on where
 * there is one, as llama2.c and llama.cpp have it.
 *
 * @throws QorusError `invalid_file` or `unsupported` naming the field.
 */
export function readSentencePiece(bytes: Uint8Array, path: string): TokenizerDefinition {
  const model = new WireMessage(bytes, path, "the model");
  const trainer = model.message(2, "trainer_spec");
  const normalizer = model.message(3, "normalizer_spec");
  checkTrainer(trainer, path);
  if (normalizer.bytes(2, "precompiled_charsmap").length > 0) {
    const name = normalizer.string(1, "name");
    throw unsupported(path, "normalizer_spec.name", name, '"identity", without a charsmap');
  }
  const vocabulary = new VocabularyBuilder(path);
  const scores: number[] = [];
  for (const field of model.fields) {
    if (field.number !== 1) continue;
    const id = scores.length;
    if (field.value.wire !== "bytes") {
      throw invalidFile(path, `piece ${id}`, `wire type ${field.value.wire}`, "a message");
    }
    const piece = new WireMessage(field.value.bytes, path, `piece ${id}`);
    const text = piece.string(1, "piece");
    const type = piece.integer(3, "type", pieceTypes.normal);
    if (type < pieceTypes.normal || type > pieceTypes.byte) {
      throw invalidFile(path, `the type of piece ${id}`, type, "1 to 6");
    }
    const byte = type === pieceTypes.byte ? byteOfPieceName(text) : undefined;
    if (type === pieceTypes.byte && byte === undefined) {
      throw invalidFile(path, `byte piece ${id}`, text, "a spelling such as <0x0A>");
    }
    vocabulary.set(id, byte === undefined ? utf8.encode(text) : Uint8Array.of(byte), type);
    scores.push(piece.float(2, "score", 0));
  }
  const { pieces, types } = vocabulary.build();
  const token = (number: number, name: string, fallback: number) => {
    const id = trainer.integer(number, name, fallback);
    return id >= 0 && id < pieces.length ? id : undefined;
  };
  const addSpacePrefix = normalizer.boolean(3, "add_dummy_prefix", true);
  const escapeSpaces = normalizer.boolean(5, "escape_whitespaces", true);
  const collapseSpaces = normalizer.boolean(4, "remove_extra_whitespaces", true);
  const addedTokens = addedTokensOfTypes(pieces, types);
  const beginToken = token(41, "bos_id", 1);
  const special = addedTokens.filter((entry) => entry.special);
  return {
    ...definitionDefaults,
    kind: "sentencePiece",
    pieces,
    types,
    ranking: "scores",
    scores: Float32Array.from(scores),
    normalizers: sentencePieceNormalizers({ collapseSpaces, addSpacePrefix, escapeSpaces }),
    addedTokens,
    escapedSpaces: escapeSpaces,
    stripLeadingSpace: addSpacePrefix || collapseSpaces,
    beginToken,
    endTokens: endTokensOf(
      token(42, "eos_id", 2),
      new Map(special.map((entry) => [entry.content, entry.id])),
    ),
    padToken: token(43, "pad_id", -1),
    unknownToken: token(40, "unk_id", 0),
    addBos: beginToken !== undefined,
    parseSpecial: false,
  };
}
