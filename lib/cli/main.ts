#!/usr/bin/env bun
/**
 * The command line: `qorus generate`, `chat`, `convert`, `info` and `bench`.
 *
 * Data goes to stdout, everything else to stderr. It ends with code 0, 1 for errors, 2 for
 * arguments that do not fit, 130 after Ctrl-C.
 *
 * @example
 * ```sh
 * deno run -A jsr:@qorus/qorus/cli generate "Once upon a time" --model model.gguf
 * ```
 *
 * @module
 */

import process from "node:process";
import { QorusError } from "../native/error.ts";
import { UsageError } from "./arguments.ts";
import { columns, type Command, commandHelp } from "./command.ts";
import { printData, printMessage, ReaderGone } from "./output.ts";
import { version } from "./version.ts";

/** Commands by name; each is loaded when it is needed, `info MODEL` without the native library. */
const commands: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  generate: () => import("./generate.ts"),
  chat: () => import("./chat.ts"),
  convert: () => import("./convert.ts"),
  info: () => import("./info.ts"),
  bench: () => import("./bench.ts"),
  plot: () => import("./plot.ts"),
};

const interruptedCode = 130;

async function help(): Promise<string> {
  const loaded = await Promise.all(Object.values(commands).map((loadCommand) => loadCommand()));
  return [
    "Qorus runs language models, and shows how training went.\n",
    "Usage: qorus COMMAND [options]\n",
    "Commands:",
    columns(loaded.map(({ command }) => [command.name, command.summary])),
    "\nOptions:",
    columns([
      ["--help", "print this text, or a command's: qorus generate --help"],
      ["--version", "print the version"],
    ]),
    "\nExamples:",
    ...loaded.map(({ command }) => `  ${command.examples[0]}`),
    "",
  ].join("\n");
}

function asksForHelp(given: readonly string[]): boolean {
  const end = given.indexOf("--");
  const considered = end < 0 ? given : given.slice(0, end);
  return considered.includes("--help") || considered.includes("-h");
}

async function dispatch(given: readonly string[], signal: AbortSignal): Promise<void> {
  const [name, ...rest] = given;
  if (name === "--version") return printData(version);
  if (name === "--help" || name === "-h") return printData(await help());
  const loadCommand = name === undefined || !Object.hasOwn(commands, name)
    ? undefined
    : commands[name];
  if (loadCommand === undefined) {
    const expected = `expected a command: ${Object.keys(commands).join(", ")}`;
    throw new UsageError(name === undefined ? expected : `${JSON.stringify(name)}: ${expected}`);
  }
  const { command } = await loadCommand();
  if (asksForHelp(rest)) return printData(commandHelp(command));
  await command.run(rest, signal);
}

/** Prints what went wrong, for people, and gives the exit code. */
function report(error: unknown, given: readonly string[]): number {
  if (error instanceof ReaderGone) return 0;
  if (!(error instanceof QorusError)) {
    printMessage(error instanceof Error ? error.stack ?? error.message : String(error));
    return 1;
  }
  printMessage(`error: ${error.message.replaceAll("\n", " ")}`);
  if (!(error instanceof UsageError)) return 1;
  const command = Object.hasOwn(commands, given[0] ?? "") ? `${given[0]} ` : "";
  printMessage(`See: qorus ${command}--help`);
  return 2;
}

/**
 * Runs the command line.
 *
 * @param given the arguments, the command first
 * @param signal ends it early with code 130
 * @returns the exit code
 */
export async function main(given: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    await dispatch(given, signal);
    return 0;
  } catch (error) {
    if (signal.aborted) return interruptedCode;
    return report(error, given);
  }
}

if (import.meta.main) {
  const interrupt = new AbortController();
  process.on("SIGINT", () => interrupt.abort());
  // Leaving at once: a pipe on stdin would keep the process alive.
  process.exit(await main(process.argv.slice(2), interrupt.signal));
}
