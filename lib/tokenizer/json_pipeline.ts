/**
 * The steps around the model in `tokenizer.json`: normalizer, pre-tokenizer, post-processor,
 * decoder.
 *
 * @module
 */

import { spaceSymbol, type SplitStep, type TextStep } from "./definition.ts";
import { invalidFile, largestVocabulary, unsupported } from "./file_errors.ts";
import type { JsonFields, JsonObject } from "./json_fields.ts";
import { gpt2Pattern } from "./pre_tokenizer_names.ts";
import { literalPattern } from "./split_pattern.ts";

const unicodeForms = ["NFC", "NFD", "NFKC", "NFKD"] as const;

/** Components as a flat list: a `Sequence` holds its components under `member`. */
function components(
  value: unknown,
  field: string,
  member: string,
  fields: JsonFields,
): { readonly component: JsonObject; readonly field: string }[] {
  const component = fields.optionalObject(value, field);
  if (component === undefined) return [];
  if (component.type !== "Sequence") return [{ component, field }];
  const list = fields.array(component[member], `${field}.${member}`);
  return list.map((entry, index) => {
    const name = `${field}.${member}[${index}]`;
    return { component: fields.object(entry, name), field: name };
  });
}

/** `{"String": "x"}` or `{"Regex": "x"}`. */
function readPattern(
  value: unknown,
  field: string,
  fields: JsonFields,
): { readonly text: string; readonly regex: boolean } {
  const pattern = fields.object(value, field);
  const regex = pattern.Regex !== undefined;
  return { text: fields.string(regex ? pattern.Regex : pattern.String, field), regex };
}

function readReplace(component: JsonObject, field: string, fields: JsonFields): TextStep {
  const pattern = readPattern(component.pattern, `${field}.pattern`, fields);
  if (pattern.text === "") throw invalidFile(fields.path, `${field}.pattern`, "", "a text");
  const to = fields.string(component.content, `${field}.content`);
  return { type: "replace", from: pattern.text, to, regex: pattern.regex };
}

/** The rewritings that a `normalizer` asks for. */
export function readNormalizer(value: unknown, fields: JsonFields): TextStep[] {
  const list = components(value, "normalizer", "normalizers", fields);
  return list.flatMap(({ component, field }): TextStep[] => {
    const form = unicodeForms.find((name) => name === component.type);
    if (form !== undefined) return [{ type: "unicode", form }];
    switch (component.type) {
      case "Lowercase":
        return [{ type: "lowercase" }];
      case "Replace":
        return [readReplace(component, field, fields)];
      case "Prepend": {
        const text = fields.string(component.prepend, `${field}.prepend`);
        return [{ type: "prepend", text, onlyFirst: false, unlessPresent: false }];
      }
      case "Strip": {
        const sides: TextStep[] = [];
        const add = (from: string) => sides.push({ type: "replace", from, to: "", regex: true });
        if (fields.boolean(component.strip_left, `${field}.strip_left`, true)) add("\\A\\s+");
        // The look-behind keeps a long run of spaces from being tried at each of its characters.
        const right = fields.boolean(component.strip_right, `${field}.strip_right`, true);
        if (right) add("(?<!\\s)\\s+\\z");
        return sides;
      }
    }
    const expected = "NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace or Strip";
    throw unsupported(fields.path, `${field}.type`, component.type, expected);
  });
}

/** What a `pre_tokenizer` asks for. */
export interface Cuts {
  readonly rewrites: TextStep[];
  readonly splits: SplitStep[];
  /** Symbols are bytes. */
  byteLevel: boolean;
}

function readSplit(component: JsonObject, field: string, fields: JsonFields): SplitStep {
  const pattern = readPattern(component.pattern, `${field}.pattern`, fields);
  const invert = fields.boolean(component.invert, `${field}.invert`, false);
  const behavior = component.behavior;
  if (behavior !== "Isolated" && behavior !== "Removed") {
    throw unsupported(fields.path, `${field}.behavior`, behavior, "Isolated or Removed");
  }
  return {
    pattern: pattern.regex ? pattern.text : literalPattern(pattern.text),
    keep: behavior === "Isolated" ? "isolated" : invert ? "matches" : "gaps",
  };
}

/** Spaces become U+2581, one more goes in front, and words are cut in front of each. */
function readMetaspace(component: JsonObject, field: string, cuts: Cuts, fields: JsonFields): void {
  const replacement = component.replacement ?? spaceSymbol;
  if (replacement !== spaceSymbol) {
    throw unsupported(fields.path, `${field}.replacement`, replacement, `"${spaceSymbol}"`);
  }
  const legacy = fields.boolean(component.add_prefix_space, `${field}.add_prefix_space`, true);
  const scheme = component.prepend_scheme ?? (legacy ? "always" : "never");
  if (scheme !== "always" && scheme !== "first" && scheme !== "never") {
    const expected = '"always", "first" or "never"';
    throw invalidFile(fields.path, `${field}.prepend_scheme`, scheme, expected);
  }
  cuts.rewrites.push({ type: "replace", from: " ", to: spaceSymbol, regex: false });
  if (scheme !== "never") {
    const onlyFirst = scheme === "first";
    cuts.rewrites.push({ type: "prepend", text: spaceSymbol, onlyFirst, unlessPresent: true });
  }
  if (fields.boolean(component.split, `${field}.split`, true)) {
    const pattern = `${spaceSymbol}[^${spaceSymbol}]*|[^${spaceSymbol}]+`;
    cuts.splits.push({ pattern, keep: "isolated" });
  }
}

/** The rewritings and cuts that a `pre_tokenizer` asks for. */
export function readPreTokenizer(value: unknown, fields: JsonFields): Cuts {
  const cuts: Cuts = { rewrites: [], splits: [], byteLevel: false };
  const list = components(value, "pre_tokenizer", "pretokenizers", fields);
  for (const { component, field } of list) {
    const rewritten = cuts.rewrites.length;
    if (component.type === "ByteLevel") {
      cuts.byteLevel = true;
      if (fields.boolean(component.add_prefix_space, `${field}.add_prefix_space`, true)) {
        cuts.rewrites.push({ type: "prepend", text: " ", onlyFirst: false, unlessPresent: true });
      }
      if (cuts.splits.length > 0 && cuts.rewrites.length > rewritten) {
        throw unsupported(fields.path, `${field}.add_prefix_space`, true, "false after a cut");
      }
      if (fields.boolean(component.use_regex, `${field}.use_regex`, true)) {
        cuts.splits.push({ pattern: gpt2Pattern, keep: "isolated" });
      }
    } else if (component.type === "Split") {
      cuts.splits.push(readSplit(component, field, fields));
    } else if (component.type === "Digits") {
      const single = fields.boolean(
        component.individual_digits,
        `${field}.individual_digits`,
        false,
      );
      cuts.splits.push({ pattern: single ? "\\p{N}" : "\\p{N}+", keep: "isolated" });
    } else if (component.type === "Metaspace" && cuts.splits.length === 0) {
      readMetaspace(component, field, cuts, fields);
    } else {
      const expected = "ByteLevel, Split, Digits or, first, Metaspace";
      throw unsupported(fields.path, `${field}.type`, component.type, expected);
    }
  }
  return cuts;
}

/** What a `decoder` asks for. */
export interface JsonDecoder {
  byteLevel: boolean;
  escapedSpaces: boolean;
  stripLeadingSpace: boolean;
}

/** How a `decoder` writes pieces. */
export function readDecoder(value: unknown, fields: JsonFields): JsonDecoder {
  const result: JsonDecoder = { byteLevel: false, escapedSpaces: false, stripLeadingSpace: false };
  for (const { component, field } of components(value, "decoder", "decoders", fields)) {
    switch (component.type) {
      case "ByteLevel":
        result.byteLevel = true;
        break;
      case "ByteFallback":
      case "Fuse":
        break;
      case "Metaspace": {
        const prefix = component.prepend_scheme ?? (component.add_prefix_space ?? true);
        result.escapedSpaces = true;
        result.stripLeadingSpace = prefix !== "never" && prefix !== false;
        break;
      }
      case "Replace": {
        const step = readReplace(component, field, fields);
        const restores = step.type === "replace" && !step.regex && step.from === spaceSymbol &&
          step.to === " ";
        if (!restores) {
          throw unsupported(fields.path, field, JSON.stringify(component), "U+2581 to a space");
        }
        result.escapedSpaces = true;
        break;
      }
      case "Strip": {
        if (component.content !== " " || (component.stop ?? 0) !== 0) {
          throw unsupported(
            fields.path,
            field,
            JSON.stringify(component),
            "one space at the start",
          );
        }
        result.stripLeadingSpace = component.start === 1;
        break;
      }
      default:
        throw unsupported(
          fields.path,
          `${field}.type`,
          component.type,
          "ByteLevel, ByteFallback, Fuse, Metaspace, Replace or Strip",
        );
    }
  }
  return result;
}

/** The id of a template's special token. */
function templateToken(
  template: JsonObject,
  entry: JsonObject,
  field: string,
  fields: JsonFields,
): number {
  const name = fields.string(fields.object(entry.SpecialToken, field).id, `${field}.id`);
  const tokens = fields.object(template.special_tokens, "post_processor.special_tokens");
  const token = fields.object(Object.hasOwn(tokens, name) ? tokens[name] : undefined, field);
  const ids = fields.array(token.ids, `${field}.ids`);
  if (ids.length !== 1) throw unsupported(fields.path, `${field}.ids`, ids.length, "one id");
  return fields.id(ids[0], `${field}.ids[0]`, largestVocabulary);
}

/** Tokens that a `post_processor` puts around a text. */
export interface Frame {
  beginToken?: number;
  endToken?: number;
}

/** The tokens that a `post_processor` puts in front of a text and behind it. */
export function readPostProcessor(value: unknown, fields: JsonFields): Frame {
  const frame: Frame = {};
  const list = components(value, "post_processor", "processors", fields);
  for (const { component, field } of list) {
    if (component.type === "ByteLevel") continue;
    if (component.type !== "TemplateProcessing") {
      const expected = "ByteLevel or TemplateProcessing";
      throw unsupported(fields.path, `${field}.type`, component.type, expected);
    }
    let textSeen = false;
    const single = fields.array(component.single, `${field}.single`);
    for (const [index, item] of single.entries()) {
      const name = `${field}.single[${index}]`;
      const entry = fields.object(item, name);
      if (entry.Sequence !== undefined && !textSeen) {
        textSeen = true;
        continue;
      }
      const side = textSeen ? "endToken" : "beginToken";
      if (frame[side] !== undefined || entry.SpecialToken === undefined) {
        const expected = "at most one special token in front of the text and one behind";
        throw unsupported(fields.path, name, JSON.stringify(item), expected);
      }
      frame[side] = templateToken(component, entry, name, fields);
    }
  }
  return frame;
}
