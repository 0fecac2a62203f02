/**
 * Names as numbers: a file with one name a line, its characters, and what is kept for validation.
 *
 * @module
 */

import { QorusError, type Random } from "@qorus/qorus";
import { readText } from "../support/text_file.ts";

const builtIn = new URL("./names.txt", import.meta.url);
const longest = 40;
const validationShare = 0.1;

/** Marks where a name begins and ends; characters follow from 1. */
export const boundary = 0;

/** Names and the characters that they are made of. */
export class NameList {
  /** Names to learn from. */
  readonly training: readonly string[];
  /** Names to measure with. */
  readonly validation: readonly string[];
  /** Characters of the longest name. */
  readonly longestName: number;
  readonly #characters: readonly string[];
  readonly #known: ReadonlySet<string>;
  readonly #ids: ReadonlyMap<string, number>;

  /**
   * Reads a file with one name a line. Default: the names beside this file.
   *
   * @throws {QorusError} `not_found`, `io` or `invalid_file`, naming the line.
   */
  constructor(path: string | undefined, random: Random) {
    const names = readNames(path);
    this.#known = new Set(names);
    this.#characters = [...new Set(names.join(""))].sort();
    this.#ids = new Map(this.#characters.map((character, i) => [character, i + 1]));
    this.longestName = names.reduce((most, name) => Math.max(most, [...name].length), 0);
    const shuffled = shuffle([...this.#known], random);
    const kept = Math.ceil(shuffled.length * validationShare);
    this.validation = shuffled.slice(0, kept);
    this.training = shuffled.slice(kept);
  }

  /** Different characters, and the boundary. */
  get vocabSize(): number {
    return this.#characters.length + 1;
  }

  /** The ids of a name, with a boundary in front and behind. */
  encode(name: string): number[] {
    return [boundary, ...Array.from(name, (character) => this.#ids.get(character)!), boundary];
  }

  /** The name that ids without boundaries stand for. */
  decode(ids: readonly number[]): string {
    return ids.map((id) => this.#characters[id - 1]).join("");
  }

  /** Whether the list has this name. */
  has(name: string): boolean {
    return this.#known.has(name);
  }
}

function readNames(path: string | undefined): string[] {
  const lines = readText(path ?? builtIn).split("\n").map((line) => line.trim());
  const wrong = lines.findIndex((line) => [...line].length > longest);
  if (wrong >= 0) {
    const count = [...lines[wrong]].length;
    throw invalid(
      path,
      `line ${wrong + 1} has ${count} characters, expected a name of up to ${longest} in each line`,
    );
  }
  const names = lines.filter((line) => line !== "");
  if (names.length >= 20) return names;
  throw invalid(path, `has ${names.length} names, expected at least 20, one a line`);
}

function invalid(path: string | undefined, problem: string): QorusError {
  return new QorusError("invalid_file", `${path}: ${problem}`, { path });
}

/** Fisher and Yates. */
function shuffle(names: string[], random: Random): string[] {
  for (let i = names.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [names[i], names[other]] = [names[other], names[i]];
  }
  return names;
}
