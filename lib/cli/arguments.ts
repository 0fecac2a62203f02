/**
 * Reads and checks the arguments of a command.
 *
 * @module
 */

import { parseArgs, type ParseArgsConfig } from "node:util";
import { QorusError } from "../native/error.ts";

/** What an option takes: nothing (`flag`), a text, one of some words, or a number in a range. */
export type OptionDefinition =
  & {
    /** Description for `--help`. */
    readonly help: string;
    /** What stands for the value in `--help`. */
    readonly placeholder?: string;
    /** The option's name as one letter: `o` for `-o`. */
    readonly short?: string;
  }
  & (
    | { readonly kind: "flag" }
    | { readonly kind: "text" }
    | { readonly kind: "choice"; readonly choices: readonly string[] }
    | { readonly kind: "integer" | "number"; readonly least?: number; readonly most?: number }
  );

/** Options of a command by name in camelCase; `maxTokens` is `--max-tokens`. */
export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

type OptionValue<T extends OptionDefinition> = T extends { kind: "flag" } ? boolean
  : T extends { kind: "text" } ? string
  : T extends { kind: "choice"; choices: readonly (infer Word)[] } ? Word
  : number;

/** The values that were given. */
export type OptionValues<T extends OptionDefinitions> = {
  readonly [K in keyof T]?: OptionValue<T[K]>;
};

/** The arguments of a command, checked. */
export interface Arguments<T extends OptionDefinitions> {
  /** Options that were given. */
  readonly options: OptionValues<T>;
  /** What is no option. */
  readonly positionals: readonly string[];
}

/** The arguments do not fit the command: the command line ends with code 2. */
export class UsageError extends QorusError {
  /** Makes an error whose message says what was given and what was expected. */
  constructor(message: string, field?: string) {
    super("invalid_argument", message, { field });
    this.name = "UsageError";
  }
}

/** The name of an option as it is typed. */
export function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Reads arguments.
 *
 * @param most how many positionals are taken
 * @throws {UsageError} for options that are unknown, lack their value or are out of range, and for
 * too many positionals.
 */
export function readArguments<const T extends OptionDefinitions>(
  given: readonly string[],
  definitions: T,
  most: number,
): Arguments<T> {
  const entries = Object.entries(definitions);
  const config: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [key, { kind, short }] of entries) {
    const type = kind === "flag" ? "boolean" : "string";
    config[optionName(key).slice(2)] = short === undefined ? { type } : { type, short };
  }
  let parsed;
  try {
    parsed = parseArgs({ args: [...given], options: config, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.replace(/^(Unknown option '.*?')\. .*/, "$1"));
  }
  const { values, positionals } = parsed;
  if (positionals.length > most) {
    const extra = positionals.slice(most).map((text) => JSON.stringify(text)).join(" ");
    throw new UsageError(`${extra}: too many arguments; put quotes around text with spaces`);
  }
  const options: Record<string, string | number | boolean> = {};
  for (const [key, definition] of entries) {
    const value = values[optionName(key).slice(2)];
    if (value === undefined) continue;
    options[key] = typeof value === "string" ? readValue(key, value, definition) : value === true;
  }
  return { options: options as OptionValues<T>, positionals };
}

function readValue(key: string, text: string, definition: OptionDefinition): string | number {
  switch (definition.kind) {
    case "integer":
    case "number":
      return readNumber(key, text, definition);
    case "choice":
      if (definition.choices.includes(text)) return text;
      throw new UsageError(
        `${optionName(key)}: ${JSON.stringify(text)} is given, expected one of ` +
          definition.choices.join(", "),
        key,
      );
    default:
      if (text !== "") return text;
      throw new UsageError(`${optionName(key)}: the text is empty`, key);
  }
}

function readNumber(
  key: string,
  text: string,
  { kind, least = -Infinity, most = Infinity }: OptionDefinition & { kind: "integer" | "number" },
): number {
  const value = text.trim() === "" ? NaN : Number(text);
  const whole = kind === "number" || Number.isSafeInteger(value);
  if (Number.isFinite(value) && whole && value >= least && value <= most) return value;
  const noun = kind === "integer" ? "a whole number" : "a number";
  const range = most < Infinity
    ? ` from ${least} to ${most}`
    : least > -Infinity
    ? ` of ${least} or more`
    : "";
  throw new UsageError(
    `${optionName(key)}: ${JSON.stringify(text)} is given, expected ${noun}${range}`,
    key,
  );
}
