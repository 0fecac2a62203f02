/**
 * What every example does around its own work: it reads arguments and tells errors in one line.
 *
 * @module
 */

import { basename } from "node:path";
import process from "node:process";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { QorusError } from "@qorus/qorus";

/** Options with their defaults: whole numbers from 0, or texts. */
type Options = Record<string, number | string>;

/** What an example can be given. */
export interface ExampleArguments<Given extends Options> {
  /** Names of what stands without a name, such as `FILE`; all of them may be left out. */
  readonly positionals?: readonly string[];
  /** Options by name, `--steps 100` or `--steps=100`, with their defaults. */
  readonly options?: Given;
}

/** Arguments that are wrong. */
class UsageError extends Error {}

/**
 * Runs an example. What the library finds wrong is printed as one line, and the process ends with
 * 1; wrong arguments end it with 2.
 *
 * @param main is given the options and what stands without a name
 */
export async function runExample<Given extends Options>(
  allowed: ExampleArguments<Given>,
  main: (options: Given, ...positionals: (string | undefined)[]) => void | Promise<void>,
): Promise<void> {
  try {
    const { options, positionals, asksForHelp } = readArguments(allowed, process.argv.slice(2));
    if (asksForHelp) console.log(usage(allowed));
    else await main(options, ...positionals);
  } catch (error) {
    if (!(error instanceof QorusError || error instanceof UsageError)) throw error;
    console.error(`error: ${error.message}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

function readArguments<Given extends Options>(
  allowed: ExampleArguments<Given>,
  given: readonly string[],
): { options: Given; positionals: string[]; asksForHelp: boolean } {
  const { options: defaults = {} as Given, positionals: names = [] } = allowed;
  const types: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean", short: "h" } };
  for (const name of Object.keys(defaults)) types[name] = { type: "string" };
  try {
    const args = [...given];
    const { values, positionals } = parseArgs({ args, options: types, allowPositionals: true });
    if (positionals.length > names.length) {
      throw new UsageError(`"${positionals[names.length]}" is one argument too many`);
    }
    const options = Object.entries(defaults).map(([name, fallback]) => {
      const text = values[name];
      return [name, typeof text === "string" ? convert(name, text, fallback) : fallback];
    });
    return {
      options: Object.fromEntries(options) as Given,
      positionals,
      asksForHelp: values.help === true,
    };
  } catch (error) {
    const isUsage = error instanceof UsageError || error instanceof TypeError;
    if (!isUsage) throw error;
    // Hints follow that are about the runtime's parser and do not fit one line.
    const [problem] = error.message.split(/\.?\n|\. To specify/);
    throw new UsageError(`${problem}; ${usage(allowed)}`);
  }
}

function convert(name: string, text: string, fallback: number | string): number | string {
  if (typeof fallback === "string") return text;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} is "${text}", expected a whole number`);
}

function usage({ positionals = [], options = {} }: ExampleArguments<Options>): string {
  const named = Object.entries(options).map(([name, fallback]) =>
    `[--${name} ${fallback === "" ? "TEXT" : fallback}]`
  );
  return [
    `usage: ${basename(process.argv[1])}`,
    ...positionals.map((name) => `[${name}]`),
    ...named,
  ].join(" ");
}
