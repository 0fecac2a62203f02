/**
 * The side of a contender: obeys commands from stdin, one JSON object a line, answers on stdout.
 * Between commands the process sleeps.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";

/**
 * What both contenders can do. Measurements contain nothing but the computation: see `measure`.
 *
 * @typedef {object} Contender
 * @property {(fields: LoadFields) => Promise<Loaded>} load opens the model
 * @property {(fields: {count: number}) => void} threads sets the number of threads that compute
 * @property {(fields: {tokens: number[]}) => Promise<Times>} prefill begins a sequence with all the
 * tokens at once; logits of the last only
 * @property {(fields: {tokens: number[]}) => Promise<Times>} decode continues it token by token, with
 * logits
 * @property {(fields: {tokens: number[]}) => Promise<void>} beginSequences gives every sequence the
 * same prompt
 * @property {(fields: {tokens: number[]}) => Promise<Times>} decodeSequences continues all of them
 * together, token by token, with logits
 * @property {(fields: {count: number}) => Promise<void>} fill makes the sequence that long, whatever
 * is in it
 * @property {(fields: FirstTokenFields) => Promise<Times>} firstToken opens a model, reads a text and
 * chooses the token behind it, in a process that has not opened any
 */

/**
 * How to open a model.
 *
 * @typedef {object} LoadFields
 * @property {string} path
 * @property {number} contextLength tokens of each sequence that there must be room for
 * @property {number} sequences how many there are
 * @property {"f16" | "q8_0"} cacheDtype of keys and values
 * @property {string} [kernels] llama.cpp: the file of kernels to use instead of its own choice
 */

/**
 * @typedef {object} FirstTokenFields
 * @property {string} path
 * @property {string} prompt
 * @property {number} threads
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
      answer = {
        error: error instanceof Error ? error.stack ?? error.message : String(error),
      };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
