/**
 * What a comparison found, and how it is printed.
 *
 * @module
 */

import { median, printColumns } from "../support/statistics.ts";
import type { Loaded, Times } from "./contender_process.ts";

/** Reading the prompt, or writing token by token. */
export type Phase = "prefill" | "decode";

/** What a contender did in one phase. */
export interface Measured extends Loaded {
  /** Of every turn. */
  readonly times: readonly Times[];
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
  /** Processes that wanted to run when this was about to be measured, our own among them. */
  readonly loadAverage: number;
}

/** Qorus's speed over llama.cpp's in every turn, by either clock. */
export function ratios(
  { qorus, llamaCpp }: Result,
  clock: keyof Times,
): number[] {
  return qorus.times.map((ours, turn) => llamaCpp.times[turn][clock] / ours[clock]);
}

function speed({ tokens }: Result, { times }: Measured): string {
  const tokensPerSecond = times.map(({ milliseconds }) => tokens * 1000 / milliseconds);
  return median(tokensPerSecond).toFixed(1);
}

function describe({ name, kernels, runtime }: Measured): string {
  return `${name}, kernels ${kernels}, ${runtime}`;
}

function row(result: Result): string[] {
  const { model, threads, phase, tokens, qorus, llamaCpp, loadAverage } = result;
  const byClock = ratios(result, "milliseconds");
  return [
    model,
    `${threads}`,
    `${phase} ${tokens}`,
    speed(result, qorus),
    speed(result, llamaCpp),
    median(byClock).toFixed(2),
    `${Math.min(...byClock).toFixed(2)}-${Math.max(...byClock).toFixed(2)}`,
    median(ratios(result, "processorMilliseconds")).toFixed(2),
    loadAverage.toFixed(1),
  ];
}

/** Prints a table: medians of tokens per second and of the turns' ratios. */
export function printTable(results: readonly Result[], machine: string): void {
  console.log(machine);
  for (const model of new Set(results.map((result) => result.model))) {
    const { qorus, llamaCpp } = results.find((result) => result.model === model)!;
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
    "CPU ratio",
    "load",
  ];
  const rows = [heads, ...results.map(row)];
  printColumns(rows, [0, 2]);
}
