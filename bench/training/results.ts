/**
 * What a comparison found, and how it is printed.
 *
 * @module
 */

import { median, printColumns } from "../support/statistics.ts";
import type { Loaded, Measured, Setting } from "./contender.ts";
import type { OpTime } from "./op_times.ts";
import { targetRatio } from "./targets.ts";

/** One side of a comparison. */
export interface Side extends Loaded {
  /** `Qorus`, or `PyTorch` and which of its variants. */
  readonly variant: string;
  /** Empty where it is unavailable. */
  readonly turns: readonly Measured[];
}

/** One line of the comparison. */
export interface Result extends Setting {
  /** Steps of a turn. */
  readonly steps: number;
  readonly qorus: Side;
  readonly pytorch: readonly Side[];
  /** Processes that wanted to run when this was about to be measured, our own among them. */
  readonly loadAverage: number;
  /** Where Qorus's time went in one more turn; empty unless asked for. */
  readonly profile: readonly OpTime[];
}

type Clock = "milliseconds" | "processorMilliseconds";

/** Median over the turns. */
function stepsPerSecond({ steps }: Result, { turns }: Side): number {
  return median(turns.map(({ milliseconds }) => steps * 1000 / milliseconds));
}

/** The fastest of PyTorch's variants that work here. */
export function bestOf(result: Result): Side | undefined {
  const speed = (side: Side) => stepsPerSecond(result, side);
  const able = result.pytorch.filter(({ turns }) => turns.length > 0);
  return able.sort((a, b) => speed(b) - speed(a))[0];
}

/** Qorus's speed over the other's in every turn, by either clock. */
export function ratios({ qorus }: Result, other: Side, clock: Clock): number[] {
  return qorus.turns.map((ours, turn) => other.turns[turn][clock] / ours[clock]);
}

function peakMebibytes({ turns }: Side): string {
  return (turns[turns.length - 1].peakBytes / 2 ** 20).toFixed(0);
}

/** What a result says beside the turns themselves. */
export interface Judgement {
  /** The best of PyTorch's variants, which ratios compare with; absent where none works. */
  readonly best?: string;
  /** Qorus's speed over the best one's, turn by turn. */
  readonly ratios?: readonly number[];
  /** Their median. */
  readonly ratio?: number;
  /** The least ratio that is to be reached; absent where none was set. */
  readonly target?: number;
  readonly reached?: boolean;
}

/** A result with what follows from it. */
export function judged(result: Result): Result & Judgement {
  const best = bestOf(result);
  const target = targetRatio(result);
  if (best === undefined) return { ...result, target };
  const byClock = ratios(result, best, "milliseconds");
  const ratio = median(byClock);
  const reached = target === undefined ? undefined : ratio >= target;
  return { ...result, best: best.variant, ratios: byClock, ratio, target, reached };
}

const missing = "-";

/** The least ratio, and whether it is reached. */
function verdict(result: Result): string[] {
  const { target, reached } = judged(result);
  return [
    target === undefined ? "" : `>= ${target}`,
    reached === undefined ? "" : reached ? "yes" : "NO",
  ];
}

/** The cells that compare with the best of PyTorch's variants. */
function comparison(result: Result): string[] {
  const best = bestOf(result);
  if (best === undefined) return [missing, missing, missing, missing, missing];
  const byClock = ratios(result, best, "milliseconds");
  return [
    best.variant.replace("PyTorch ", ""),
    median(byClock).toFixed(2),
    `${Math.min(...byClock).toFixed(2)}-${Math.max(...byClock).toFixed(2)}`,
    median(ratios(result, best, "processorMilliseconds")).toFixed(2),
    peakMebibytes(best),
  ];
}

function heads(variants: readonly string[]): string[] {
  return [
    "network",
    "threads",
    "precision",
    "Qorus steps/s",
    ...variants.map((name) => `${name.replace("PyTorch ", "")} steps/s`),
    "best",
    "ratio",
    "spread",
    "CPU ratio",
    "best's MiB",
    "Qorus MiB",
    "load",
    "target",
    "reached",
  ];
}

function row(result: Result): string[] {
  const speed = (side: Side) =>
    side.turns.length === 0 ? missing : stepsPerSecond(result, side).toFixed(2);
  return [
    result.workload,
    `${result.threads}`,
    result.precision,
    speed(result.qorus),
    ...result.pytorch.map(speed),
    ...comparison(result),
    peakMebibytes(result.qorus),
    result.loadAverage.toFixed(1),
    ...verdict(result),
  ];
}

/** Prints a table: medians of steps per second, and of the turns' ratios to PyTorch's best. */
export function printTable(results: readonly Result[], machine: string): void {
  const [{ qorus, pytorch }] = results;
  const describe = ({ name, kernels, runtime }: Side) => `${name}, kernels ${kernels}, ${runtime}`;
  console.log([machine, ...[qorus, ...pytorch.slice(0, 1)].map(describe)].join("\n"));
  const variants = pytorch.map(({ variant }) => variant);
  printColumns([heads(variants), ...results.map(row)], [0, 2]);
  for (const { workload, threads, precision, pytorch } of results) {
    for (const { unavailable } of pytorch) {
      if (unavailable === undefined) continue;
      console.log(`${workload}, ${threads} threads, ${precision}: ${unavailable}`);
    }
  }
}

/** Prints the exports that take most of a step. */
export function printProfile({ workload, threads, precision, steps, profile }: Result): void {
  const whole = profile.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  console.log(`\n${workload}, ${threads} threads, ${precision}: time per step by export`);
  const rows = profile.slice(0, 16).map(({ op, calls, milliseconds }) => [
    op,
    (calls / steps).toFixed(0),
    (milliseconds / steps).toFixed(3),
    `${(100 * milliseconds / whole).toFixed(1)} %`,
  ]);
  printColumns([["export", "calls", "ms", "share"], ...rows], [0]);
}
