/**
 * What `npm start` passes to the command line.
 *
 * @module
 */

/** Commands of the command line; lib/cli/main.ts has them, and a test compares both. */
export const commands = ["generate", "chat", "convert", "info", "bench", "plot"];

const passedOn = [...commands, "--help", "-h", "--version"];

/** Without a command, the arguments are those of `generate`. */
export function commandArguments(given) {
  return passedOn.includes(given[0]) ? given : ["generate", ...given];
}
