/**
 * What a comparison found, and how it is printed.
 *
 * @module
 */

import type { Loaded } from "./contender_process.ts";

/** Reading the prompt, or writing token by token. */
export type Phase = "prefill" | "decode";

/** What a contender did in one phase. */
export interface Measured extends Loaded {
  /** Of every turn. */
  readonly tokensPerSecond: readonly number[];
}

/** One line of the comparison. */
export interface Result {
  /** The model's file. */
  readonly model: string;
  readonly threads: number;
  readonly phase: Phase;
  /** Tokens computed per turn. */
  readonly tokens: number;
  readonly qorus: Measured;
  readonly llamaCpp: Measured;
  /** Qorus's speed over llama.cpp's: the median over the turns, each of which gives one ratio. */
  readonly ratio: number;
  /** The ratio of every turn. */
  readonly ratios: readonly number[];
  /** Processes that wanted to run when this was about to be measured, our own among them. */
  readonly loadAverage: number;
}

/** The middle value; of an even number, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Tokens per second of every turn. */
export function speeds(
  tokens: number,
  milliseconds: readonly number[],
): number[] {
  return milliseconds.map((time) => tokens * 1000 / time);
}

function describe(
  { name, kernels, runtime, loadMilliseconds }: Measured,
): string {
  return `${name}, kernels ${kernels}, ${runtime}, load ${
    loadMilliseconds.toFixed(0)
  } ms`;
}

function row(result: Result): string[] {
  const {
    model,
    threads,
    phase,
    tokens,
    qorus,
    llamaCpp,
    ratio,
    ratios,
    loadAverage,
  } = result;
  const low = Math.min(...ratios).toFixed(2);
  const high = Math.max(...ratios).toFixed(2);
  return [
    model,
    `${threads}`,
    `${phase} ${tokens}`,
    median(qorus.tokensPerSecond).toFixed(1),
    median(llamaCpp.tokensPerSecond).toFixed(1),
    ratio.toFixed(2),
    `${low}-${high}`,
    loadAverage.toFixed(1),
  ];
}

/** Prints a table: medians of tokens per second, the ratio and its spread. */
export function printTable(results: readonly Result[], machine: string): void {
  console.log(machine);
  for (const model of new Set(results.map((result) => result.model))) {
    const { qorus, llamaCpp } = results.find((result) =>
      result.model === model
    )!;
    console.log(`${model}: ${describe(qorus)}; ${describe(llamaCpp)}`);
  }
  const heads = [
    "model",
    "threads",
    "phase",
    "Qorus tok/s",
    "llama.cpp tok/s",
    "ratio",
    "spread",
    "load",
  ];
  const rows = [heads, ...results.map(row)];
  const widths = heads.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column].length))
  );
  for (const cells of rows) {
    const line = cells.map((cell, column) =>
      column === 0 || column === 2
        ? cell.padEnd(widths[column])
        : cell.padStart(widths[column])
    );
    console.log(line.join("  "));
  }
}
