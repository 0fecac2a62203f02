/**
 * The side of a contender: obeys commands from stdin, one JSON object a line, answers on stdout.
 * Between commands the process sleeps.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";

/**
 * What a contender can do. Measurements contain nothing but the computation: see `measure`.
 *
 * @typedef {object} Contender
 * @property {(path: string, contextLength: number) => Promise<Loaded>} load opens the model
 * @property {(count: number) => void} threads sets the number of threads that compute
 * @property {(tokens: number[]) => Promise<Times>} prefill begins a sequence with all the tokens at
 * once; logits of the last only
 * @property {(tokens: number[]) => Promise<Times>} decode continues it token by token, with logits
 */

/**
 * What was loaded.
 *
 * @typedef {object} Loaded
 * @property {string} name name and version of the contender
 * @property {string} kernels the instruction set that it chose
 * @property {string} runtime what runs its JavaScript
 */

/**
 * Times of one computation.
 *
 * @typedef {object} Times
 * @property {number} milliseconds on the clock
 * @property {number} processorMilliseconds of all threads together, without what others took away
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
 * Answers commands until stdin ends.
 *
 * @param {Contender} contender
 */
export async function serve(contender) {
  for await (const line of createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = { result: await run(contender, JSON.parse(line)) };
    } catch (error) {
      answer = {
        error: error instanceof Error ? error.stack ?? error.message : String(error),
      };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}

async function run(contender, { command, path, contextLength, count, tokens }) {
  switch (command) {
    case "load":
      return await contender.load(path, contextLength);
    case "threads":
      return contender.threads(count) ?? null;
    case "prefill":
      return await contender.prefill(tokens);
    case "decode":
      return await contender.decode(tokens);
    default:
      throw new Error(`no command ${command}`);
  }
}
