/**
 * What a command of the command line is, and its help text.
 *
 * @module
 */

import { type OptionDefinition, type OptionDefinitions, optionName } from "./arguments.ts";

/** One command, such as `generate`. */
export interface Command {
  /** The word that starts it. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** Its arguments besides options, as `--help` shows them. */
  readonly parameters: string;
  /** More about it, for its own `--help`. */
  readonly details?: string;
  /** Its options. */
  readonly options: OptionDefinitions;
  /** Command lines that show its use. */
  readonly examples: readonly string[];
  /**
   * Runs it with the arguments after its name.
   *
   * @param signal aborted by Ctrl-C
   */
  run(given: readonly string[], signal: AbortSignal): Promise<void>;
}

function optionLine(key: string, definition: OptionDefinition): [string, string] {
  const { kind, placeholder, short } = definition;
  const name = short === undefined ? optionName(key) : `-${short}, ${optionName(key)}`;
  if (kind === "flag") return [name, definition.help];
  const value = placeholder ?? (kind === "choice" ? definition.choices.join("|") : "N");
  return [`${name} ${value}`, definition.help];
}

/** Lines of two columns. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join("\n");
}

/** The help text of a command. */
export function commandHelp(command: Command): string {
  const { name, summary, parameters, details, options, examples } = command;
  const rows = Object.entries(options).map(([key, definition]) => optionLine(key, definition));
  rows.push(["--help", "print this text"]);
  return [
    `${summary}\n`,
    `Usage: qorus ${`${name} ${parameters}`.trim()} [options]\n`,
    ...(details === undefined ? [] : [`${details}\n`]),
    `Options:\n${columns(rows)}\n`,
    `Examples:\n${examples.map((line) => `  ${line}`).join("\n")}\n`,
  ].join("\n");
}
