/**
 * Finds special and other added tokens inside of text.
 *
 * @module
 */

import type { AddedToken } from "./definition.ts";

/** A part of a text: an added token, or text between them. */
export type TextPart =
  | { readonly id: number }
  | { readonly text: string; readonly start: number };

interface Branch {
  readonly next: Map<number, Branch>;
  token?: AddedToken;
}

const wordCharacter = /[\p{L}\p{M}\p{N}\p{Pc}]/u;
const whiteSpace = /\p{White_Space}/u;

/** Finds tokens leftmost first, the longest of those that start at one place. */
export class AddedTokenFinder {
  readonly #root: Branch = { next: new Map() };
  readonly #empty: boolean;

  /** Looks for these tokens; where two have the same text, for the first. */
  constructor(tokens: readonly AddedToken[]) {
    const findable = tokens.filter((token) => token.content !== "");
    this.#empty = findable.length === 0;
    for (const token of findable) {
      let branch = this.#root;
      for (let index = 0; index < token.content.length; index++) {
        const unit = token.content.charCodeAt(index);
        let next = branch.next.get(unit);
        if (next === undefined) branch.next.set(unit, next = { next: new Map() });
        branch = next;
      }
      branch.token ??= token;
    }
  }

  #match(text: string, start: number): AddedToken | undefined {
    let branch = this.#root.next.get(text.charCodeAt(start));
    let found: AddedToken | undefined;
    for (let index = start + 1; branch !== undefined; index++) {
      if (branch.token !== undefined && fits(branch.token, text, start)) found = branch.token;
      if (index >= text.length) break;
      branch = branch.next.get(text.charCodeAt(index));
    }
    return found;
  }

  /** Cuts a text at its added tokens. */
  split(text: string): readonly TextPart[] {
    if (this.#empty) return text === "" ? [] : [{ text, start: 0 }];
    const parts: TextPart[] = [];
    let end = 0;
    const addText = (from: number, to: number) => {
      if (from < to) parts.push({ text: text.slice(from, to), start: from });
    };
    for (let position = 0; position < text.length; position++) {
      const token = this.#match(text, position);
      if (token === undefined) continue;
      let textEnd = position;
      while (token.stripLeft && textEnd > end && whiteSpace.test(text[textEnd - 1])) textEnd--;
      addText(end, textEnd);
      parts.push({ id: token.id });
      end = position + token.content.length;
      while (token.stripRight && end < text.length && whiteSpace.test(text[end])) end++;
      position = end - 1;
    }
    addText(end, text.length);
    return parts;
  }
}

function fits(token: AddedToken, text: string, start: number): boolean {
  if (!token.singleWord) return true;
  const before = text.slice(Math.max(0, start - 2), start).match(/[^]$/u)?.[0] ?? "";
  const after = text.slice(start + token.content.length).match(/^[^]/u)?.[0] ?? "";
  return !wordCharacter.test(before) && !wordCharacter.test(after);
}
