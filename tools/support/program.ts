/**
 * Programs beside the command line, such as benchmarks: their options, `--help`, errors and exit
 * codes, which are those of the command line.
 *
 * @module
 */

import { availableParallelism } from "node:os";
import process from "node:process";
import {
  type Arguments,
  type OptionDefinitions,
  readArguments,
  UsageError,
} from "../../lib/cli/arguments.ts";
import { helpText } from "../../lib/cli/command.ts";
import { QorusError } from "../../lib/native/error.ts";

/** What a program is called with. */
export interface Program<T extends OptionDefinitions> {
  /** How to start it, such as `bun bench/llm/run.ts`. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** Its arguments besides options, as `--help` shows them. */
  readonly parameters?: string;
  /** How many of those it takes. Default: none. */
  readonly most?: number;
  /** Its options. */
  readonly options: T;
  /** Command lines that show its use. */
  readonly examples: readonly string[];
}

/**
 * Reads the arguments and runs the program; sets the exit code: 0, what `main` gives, 1 for errors,
 * 2 for arguments that do not fit.
 */
export async function runProgram<const T extends OptionDefinitions>(
  program: Program<T>,
  main: (given: Arguments<T>) => Promise<number | void> | number | void,
): Promise<void> {
  const { name, parameters = "", most = 0, options } = program;
  const given = process.argv.slice(2);
  if (given.includes("--help") || given.includes("-h")) {
    console.log(
      helpText({ ...program, usage: `${name} ${parameters}`.trim() }),
    );
    return;
  }
  try {
    process.exitCode = await main(readArguments(given, options, most)) ?? 0;
  } catch (error) {
    if (!(error instanceof QorusError)) throw error;
    console.error(`error: ${error.message}`);
    if (error instanceof UsageError) console.error(`See: ${name} --help`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/**
 * Reads an option that is a list of words separated by commas.
 *
 * @param name the option as it is typed
 * @param all the words that there are
 * @param byDefault the list where the option was not given: all of them, unless told otherwise
 * @throws {UsageError} for other words
 */
export function readWords<T extends string>(
  name: string,
  text: string | undefined,
  all: readonly T[],
  byDefault: readonly T[] = all,
): T[] {
  if (text === undefined) return [...byDefault];
  return text.split(",").map((item) => {
    const found = all.find((word) => word === item);
    if (found !== undefined) return found;
    const expected = `expected some of ${all.join(", ")}, separated by commas`;
    throw new UsageError(
      `${name}: ${JSON.stringify(item)} is given, ${expected}`,
    );
  });
}

/**
 * Reads `--threads`, numbers of threads separated by commas. Default: one and two, as far as the
 * machine has so many processors.
 *
 * @throws {UsageError} for anything else, and for more threads than processors
 */
export function readThreadCounts(
  text: string | undefined,
  processors: number = availableParallelism(),
): number[] {
  if (text === undefined) return [1, 2].filter((count) => count <= processors);
  return text.split(",").map((item) => {
    const count = item.trim() === "" ? NaN : Number(item);
    if (Number.isInteger(count) && count >= 1 && count <= processors) return count;
    const expected = `expected whole numbers from 1 to ${processors}, the processors of this ` +
      "machine, separated by commas";
    throw new UsageError(
      `--threads: ${JSON.stringify(item)} is given, ${expected}`,
    );
  });
}
