/**
 * The characters of a text as numbers.
 *
 * @module
 */

import { QorusError } from "@qorus/qorus";

/** Different characters (Unicode code points), numbered in their order. */
export class Characters {
  readonly #codes: readonly number[];
  readonly #ids: ReadonlyMap<number, number>;

  /** Takes code points, in the order of their numbers. */
  constructor(codes: readonly number[]) {
    this.#codes = codes;
    this.#ids = new Map(codes.map((code, id) => [code, id]));
  }

  /** The characters that a text has. */
  static of(text: string): Characters {
    const codes = new Set<number>();
    for (const character of text) codes.add(character.codePointAt(0)!);
    return new Characters([...codes].sort((a, b) => a - b));
  }

  /** Number of characters. */
  get count(): number {
    return this.#codes.length;
  }

  /** What a text can follow on: a line break where there are any. */
  get first(): string {
    return this.#ids.has(10) ? "\n" : this.decode(0);
  }

  /** Code points, in the order of their numbers. */
  get codes(): readonly number[] {
    return this.#codes;
  }

  /**
   * The numbers of a text's characters.
   *
   * @throws {QorusError} `out_of_range` for a character that is not one of them.
   */
  encode(text: string): Int32Array {
    const ids = Int32Array.from(
      text,
      (character) => this.#ids.get(character.codePointAt(0)!) ?? -1,
    );
    const unknown = ids.indexOf(-1);
    if (unknown < 0) return ids;
    const character = [...text][unknown];
    throw new QorusError(
      "out_of_range",
      `the model does not know the character ${JSON.stringify(character)}: its text had none`,
      { given: character },
    );
  }

  /** The character with this number. */
  decode(id: number): string {
    return String.fromCodePoint(this.#codes[id]);
  }
}
