/**
 * Translates regular expressions of Hugging Face (Oniguruma), tiktoken and llama.cpp to JavaScript.
 *
 * The dialects differ where text is cut: `\s` is Unicode's white space there (with U+0085, without
 * U+FEFF), quantifiers can be possessive (`++`), and JavaScript's `u` flag forbids escapes that
 * they allow. What has no translation is an error, never a guess.
 *
 * @module
 */

import { unsupported } from "./file_errors.ts";

const outsideClass: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  w: "[\\p{L}\\p{M}\\p{Nd}\\p{Pc}]",
  W: "[^\\p{L}\\p{M}\\p{Nd}\\p{Pc}]",
  A: "^",
  z: "$",
};

const insideClass: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  w: "\\p{L}\\p{M}\\p{Nd}\\p{Pc}",
};

/** Groups inside of groups that are followed; no tokenizer needs more than a few. */
const deepestGroup = 100;

/** Groups whose opening is the same in JavaScript. */
const sameGroups = ["(?:", "(?=", "(?!", "(?<=", "(?<!", "(?i:", "(?s:", "(?m:", "(?-i:"];

class Translator {
  readonly #source: string;
  readonly #fail: (what: string) => Error;
  #position = 0;
  #atomicGroups = 0;
  #depth = 0;

  constructor(source: string, fail: (what: string) => Error) {
    this.#source = source;
    this.#fail = fail;
  }

  translate(): string {
    const pattern = this.#alternatives();
    if (this.#position < this.#source.length) throw this.#fail("a `)` without `(`");
    return pattern;
  }

  #rest(): string {
    return this.#source.slice(this.#position);
  }

  #alternatives(): string {
    let pattern = "";
    while (this.#position < this.#source.length && this.#source[this.#position] !== ")") {
      if (this.#source[this.#position] === "|") {
        pattern += "|";
        this.#position++;
      } else {
        pattern += this.#quantified(this.#atom());
      }
    }
    return pattern;
  }

  /** JavaScript has no atomic groups; a look-ahead with a back reference is one. */
  #atomic(pattern: string): string {
    const name = `atomic${this.#atomicGroups++}`;
    return `(?:(?=(?<${name}>${pattern}))\\k<${name}>)`;
  }

  #quantified(atom: string): string {
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})/.exec(this.#rest())?.[0];
    if (quantifier === undefined) return atom;
    this.#position += quantifier.length;
    const pattern = atom + (quantifier.startsWith("{,") ? `{0${quantifier.slice(1)}` : quantifier);
    const mode = this.#source[this.#position];
    if (mode !== "+" && mode !== "?") return pattern;
    this.#position++;
    return mode === "?" ? `${pattern}?` : this.#atomic(pattern);
  }

  #atom(): string {
    const character = this.#rest().match(/^[^]/u)?.[0] ?? "";
    if (character === "(") return this.#group();
    if (character === "[") return this.#characterClass();
    if (character === "\\") return this.#escape(outsideClass);
    if ("*+?".includes(character)) throw this.#fail(`a \`${character}\` with nothing before it`);
    this.#position += character.length;
    return "{}]".includes(character) ? `\\${character}` : character;
  }

  #group(): string {
    const rest = this.#rest();
    const opening = sameGroups.find((group) => rest.startsWith(group)) ??
      /^\(\?<[A-Za-z_]\w*>/.exec(rest)?.[0];
    const atomic = rest.startsWith("(?>");
    if (opening === undefined && !atomic && rest.startsWith("(?")) {
      throw this.#fail(`the group \`${rest.slice(0, 4)}\``);
    }
    this.#position += atomic ? 3 : opening?.length ?? 1;
    if (++this.#depth > deepestGroup) throw this.#fail(`groups ${this.#depth} deep`);
    const inner = this.#alternatives();
    this.#depth--;
    if (this.#source[this.#position] !== ")") throw this.#fail("a `(` without `)`");
    this.#position++;
    if (atomic) return this.#atomic(inner);
    // Numbers of capturing groups mean nothing here, and names could collide with ours.
    return `${opening === undefined || /\w>$/.test(opening) ? "(?:" : opening}${inner})`;
  }

  #characterClass(): string {
    this.#position++;
    let pattern = "[";
    if (this.#source[this.#position] === "^") {
      pattern += "^";
      this.#position++;
    }
    const first = this.#position;
    for (;;) {
      const character = this.#rest().match(/^[^]/u)?.[0];
      if (character === undefined) throw this.#fail("a `[` without `]`");
      if (character === "[" || this.#rest().startsWith("&&")) {
        throw this.#fail("a class inside of a class");
      }
      if (character === "\\") {
        pattern += this.#escape(insideClass);
        continue;
      }
      this.#position += character.length;
      if (character === "]" && this.#position - 1 > first) return `${pattern}]`;
      pattern += character === "]" ? "\\]" : character;
    }
  }

  #escape(classes: Readonly<Record<string, string>>): string {
    const rest = this.#rest();
    const property = /^\\([pP])(?:\{(\^?)(\w+)\}|([A-Z]))/.exec(rest);
    if (property !== null) {
      this.#position += property[0].length;
      const negated = (property[1] === "P") !== (property[2] === "^");
      return this.#property(negated ? "P" : "p", property[3] ?? property[4]);
    }
    const code = /^\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4}))/.exec(rest);
    if (code !== null) {
      this.#position += code[0].length;
      return `\\u{${code[1] ?? code[2] ?? code[3]}}`;
    }
    const character = rest.slice(1).match(/^[^]/u)?.[0];
    if (character === undefined) throw this.#fail("a `\\` at the end");
    this.#position += 1 + character.length;
    if (Object.hasOwn(classes, character)) return classes[character];
    if ("rntfv".includes(character)) return `\\${character}`;
    if (/[\p{L}\p{N}]/u.test(character)) throw this.#fail(`the escape \`\\${character}\``);
    return /[\^$\\.*+?()[\]{}|/-]/.test(character) && (character !== "-" || classes === insideClass)
      ? `\\${character}`
      : character;
  }

  #property(letter: string, name: string): string {
    for (const candidate of [name, `Script=${name}`]) {
      try {
        return new RegExp(`\\${letter}{${candidate}}`, "u").source;
      } catch {
        // Not a property of that kind; the next candidate may be.
      }
    }
    throw this.#fail(`the property \`${name}\``);
  }
}

/**
 * A global JavaScript regular expression that matches what the pattern matches.
 *
 * @throws QorusError `unsupported` naming the file and the construct that has no translation.
 */
export function translatePattern(pattern: string, path: string, field: string): RegExp {
  const fail = (what: string) =>
    unsupported(path, field, pattern, `a pattern that translates to JavaScript (it has ${what})`);
  const translated = new Translator(pattern, fail).translate();
  try {
    return new RegExp(translated, "gu");
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error));
  }
}

/** A pattern that matches a literal text, in every dialect. */
export function literalPattern(text: string): string {
  return text.replace(/[\^$\\.*+?()[\]{}|]/g, "\\$&");
}
