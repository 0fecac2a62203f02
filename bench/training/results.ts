/**
 * What a comparison found, and how it is printed.
 *
 * @module
 */

import { median, printColumns } from "../support/statistics.ts";
import type { Loaded, Measured } from "./contender.ts";
import type { OpTime } from "./op_times.ts";

/** One side of a comparison. */
export interface Side extends Loaded {
  readonly turns: readonly Measured[];
}

/** One line of the comparison. */
export interface Result {
  readonly workload: string;
  readonly threads: number;
  /** Steps of a turn. */
  readonly steps: number;
  readonly qorus: Side;
  readonly pytorch: Side;
  /** Processes that wanted to run when this was about to be measured, our own among them. */
  readonly loadAverage: number;
  /** Where Qorus's time went in one more turn; empty unless asked for. */
  readonly profile: readonly OpTime[];
}

/** Qorus's speed over PyTorch's in every turn, by either clock. */
export function ratios(
  { qorus, pytorch }: Result,
  clock: "milliseconds" | "processorMilliseconds",
): number[] {
  return qorus.turns.map((ours, turn) => pytorch.turns[turn][clock] / ours[clock]);
}

function stepsPerSecond({ steps }: Result, { turns }: Side): string {
  return median(turns.map(({ milliseconds }) => steps * 1000 / milliseconds)).toFixed(2);
}

function peakMebibytes({ turns }: Side): string {
  return (turns[turns.length - 1].peakBytes / 2 ** 20).toFixed(0);
}

/** Prints a table: medians of steps per second and of the turns' ratios. */
export function printTable(results: readonly Result[], machine: string): void {
  const [{ qorus, pytorch }] = results;
  const describe = ({ name, kernels, runtime }: Side) => `${name}, kernels ${kernels}, ${runtime}`;
  console.log(`${machine}\n${describe(qorus)}; ${describe(pytorch)}`);
  const heads = [
    "network",
    "threads",
    "Qorus steps/s",
    "PyTorch steps/s",
    "ratio",
    "spread",
    "CPU ratio",
    "Qorus MiB",
    "PyTorch MiB",
    "load",
  ];
  const rows = results.map((result) => {
    const byClock = ratios(result, "milliseconds");
    return [
      result.workload,
      `${result.threads}`,
      stepsPerSecond(result, result.qorus),
      stepsPerSecond(result, result.pytorch),
      median(byClock).toFixed(2),
      `${Math.min(...byClock).toFixed(2)}-${Math.max(...byClock).toFixed(2)}`,
      median(ratios(result, "processorMilliseconds")).toFixed(2),
      peakMebibytes(result.qorus),
      peakMebibytes(result.pytorch),
      result.loadAverage.toFixed(1),
    ];
  });
  printColumns([heads, ...rows], [0]);
}

/** Prints the exports that take most of a step. */
export function printProfile({ workload, threads, steps, profile }: Result): void {
  const whole = profile.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  console.log(`\n${workload}, ${threads} threads: time per step by export`);
  const rows = profile.slice(0, 16).map(({ op, calls, milliseconds }) => [
    op,
    (calls / steps).toFixed(0),
    (milliseconds / steps).toFixed(3),
    `${(100 * milliseconds / whole).toFixed(1)} %`,
  ]);
  printColumns([["export", "calls", "ms", "share"], ...rows], [0]);
}
