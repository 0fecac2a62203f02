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
  const words = kind === "choice" ? definition.choices.join("|") : undefined;
  const value = placeholder ?? words ?? (kind === "text" ? "TEXT" : "N");
  return [`${name} ${value}`, definition.help];
}

/** Lines of two columns. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join("\n");
}

/** The help text of a command or another program. */
export function helpText(
  { summary, usage, details, options, examples }:
    & Pick<Command, "summary" | "details" | "options" | "examples">
    & { readonly usage: string },
): string {
  const rows = Object.entries(options).map(([key, definition]) => optionLine(key, definition));
  rows.push(["--help", "print this text"]);
  return [
    `${summary}\n`,
    `Usage: ${usage} [options]\n`,
    ...(details === undefined ? [] : [`${details}\n`]),
    `Options:\n${columns(rows)}\n`,
    `Examples:\n${examples.map((line) => `  ${line}`).join("\n")}\n`,
  ].join("\n");
}

/** The help text of a command. */
export function commandHelp(command: Command): string {
  return helpText({ ...command, usage: `qorus ${`${command.name} ${command.parameters}`.trim()}` });
}
