/**
 * The side of a contender: obeys commands from stdin, one JSON object a line, answers on stdout.
 * Between commands the process sleeps. It runs under Node, too, for llama.cpp.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";

/**
 * Time of a computation on the clock, and that of all threads together, without what other programs
 * took away.
 *
 * @typedef {object} Times
 * @property {number} milliseconds
 * @property {number} processorMilliseconds
 */

/**
 * Measures a computation.
 *
 * @param {() => void | Promise<void>} compute
 * @returns {Promise<Times>}
 */
export async function measure(compute) {
  const before = process.cpuUsage();
  const start = performance.now();
  await compute();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { milliseconds, processorMilliseconds: (user + system) / 1000 };
}

/**
 * What to tell of an error: errors with a code say what is wrong with the input, others are bugs.
 *
 * @param {unknown} error
 */
function describe(error) {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? error.message : error.stack ?? error.message;
}

/**
 * Answers commands until stdin ends.
 *
 * @param {Record<string, (fields: any) => unknown>} contender its commands by name
 */
export async function serve(contender) {
  for await (const line of createInterface({ input: process.stdin })) {
    let answer;
    try {
      const { command, ...fields } = JSON.parse(line);
      if (!Object.hasOwn(contender, command)) {
        throw new Error("there is no such command");
      }
      answer = { result: await contender[command](fields) ?? null };
    } catch (error) {
      answer = { error: describe(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
