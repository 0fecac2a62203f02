/**
 * Sentences with choices and slots.
 *
 * `[one|two|]` is one of its parts, of which one may be empty; parts may have choices of their own.
 * `{toy}` is a slot, `{toy.full}` another form of it; `{Toy}` and `{toy.Full}` start with a capital
 * letter. "a" becomes "an" where the next word asks for it.
 *
 * @module
 */

import type { Choices } from "./random.ts";

/** Texts that a slot may take, by form; the form `one` is what `{name}` stands for. */
export type Forms = Readonly<Record<string, string>>;

/** Finds the text of a slot; undefined where there is none. */
export type Lookup = (name: string, form: string) => string | undefined;

type Part =
  | { readonly kind: "text"; readonly text: string }
  | {
    readonly kind: "slot";
    readonly name: string;
    readonly form: string;
    readonly capital: boolean;
  }
  | { readonly kind: "choice"; readonly alternatives: readonly (readonly Part[])[] };

const parsed = new Map<string, readonly Part[]>();

/** A template's text, with choices made and slots filled. */
export function expand(template: string, lookup: Lookup, choices: Choices): string {
  let parts = parsed.get(template);
  if (parts === undefined) parsed.set(template, parts = parse(template));
  return tidy(write(parts, lookup, choices));
}

function write(parts: readonly Part[], lookup: Lookup, choices: Choices): string {
  let text = "";
  for (const part of parts) {
    if (part.kind === "text") text += part.text;
    else if (part.kind === "choice") {
      text += write(choices.pick(part.alternatives), lookup, choices);
    } else text += fill(part, lookup);
  }
  return text;
}

function fill(slot: Part & { kind: "slot" }, lookup: Lookup): string {
  const text = lookup(slot.name, slot.form);
  if (text === undefined) {
    throw new RangeError(`stories: nothing fills {${slot.name}.${slot.form}}`);
  }
  return slot.capital ? capitalized(text) : text;
}

function parse(template: string): readonly Part[] {
  const tokens = template.split(/([[\]|]|\{[A-Za-z.]+\})/).filter((token) => token !== "");
  let at = 0;
  const alternatives = (closing: string | undefined): Part[][] => {
    const found: Part[][] = [[]];
    for (; tokens[at] !== closing; at++) {
      const token = tokens[at];
      if (token === undefined) throw new RangeError(`stories: no ${closing} in ${template}`);
      if (token === "|") found.push([]);
      else found.at(-1)!.push(part(token));
    }
    return found;
  };
  const part = (token: string): Part => {
    if (token === "[") {
      at++;
      return { kind: "choice", alternatives: alternatives("]") };
    }
    if (!/^\{.*\}$/.test(token)) return { kind: "text", text: token };
    const [name, form = "one"] = token.slice(1, -1).split(".");
    const capital = /^[A-Z]|\.[A-Z]/.test(token.slice(1));
    return { kind: "slot", name: small(name), form: small(form), capital };
  };
  return alternatives(undefined)[0];
}

function small(text: string): string {
  return text[0].toLowerCase() + text.slice(1);
}

/** The text with its first letter in upper case, also behind an opening quote. */
export function capitalized(text: string): string {
  return text.replace(/[a-z]/i, (letter) => letter.toUpperCase());
}

/** "an" in front of what sounds like a vowel. */
export function article(next: string): "a" | "an" {
  return /^(?!one|uni|use|euro)[aeiou]|^(hour|honest)/i.test(next) ? "an" : "a";
}

function tidy(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/ (?=[,.!?])/g, "")
    .replace(/\b([Aa]) (?=(\w+))/g, (_, first: string, next: string) => {
      const found = article(next);
      return `${first === "A" ? capitalized(found) : found} `;
    })
    .trim();
}
