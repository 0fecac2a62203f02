/**
 * What a comparison found, and how it is printed.
 *
 * @module
 */

import { median, printColumns, spread } from "../support/statistics.ts";
import { judge, summaryLine, targetText, type Verdict, verdictText } from "../support/verdicts.ts";
import type { Loaded, Setting, Turn } from "./contender.ts";
import type { OpTime } from "./op_times.ts";
import { leastPeakRatio, targetRatio } from "./targets.ts";

/** One side of a comparison. */
export interface Side extends Loaded {
  /** `Qorus`, or `PyTorch` and which of its variants. */
  readonly variant: string;
  /** Empty where it is unavailable. */
  readonly turns: readonly Turn[];
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
function medianSpeed({ turns }: Side): number {
  return median(turns.map(({ stepsPerSecond }) => stepsPerSecond));
}

/** PyTorch's variants that work here. */
function ableSides({ pytorch }: Result): Side[] {
  return pytorch.filter(({ turns }) => turns.length > 0);
}

const compiled = "PyTorch compile";

/** The faster of eager and tuned. */
function bestOf(result: Result): Side | undefined {
  return ableSides(result)
    .filter(({ variant }) => variant !== compiled)
    .sort((a, b) => medianSpeed(b) - medianSpeed(a))[0];
}

/** The median of the turns' ratios to torch.compile; undefined where that does not work. */
function ratioToCompiled(result: Result): number | undefined {
  const side = ableSides(result).find(({ variant }) => variant === compiled);
  return side && median(ratios(result, side, "milliseconds"));
}

/** Qorus's speed over the other's in every turn, by either clock. */
function ratios({ qorus }: Result, other: Side, clock: Clock): number[] {
  return qorus.turns.map((ours, turn) => other.turns[turn][clock] / ours[clock]);
}

/** The most memory that a side's process ever had. */
function peakBytes({ turns }: Side): number {
  return turns[turns.length - 1].peakBytes;
}

/** What a result says beside the turns themselves. */
export interface Judgement {
  /** The faster of PyTorch eager and tuned, which ratios compare with. */
  readonly best?: string;
  /** Qorus's speed over the best one's, turn by turn. */
  readonly ratios: readonly number[];
  /** Their median. */
  readonly ratio?: number;
  /** The same to torch.compile. */
  readonly ratioToCompiled?: number;
  /** The least peak memory of PyTorch's variants over Qorus's. */
  readonly peakRatio?: number;
  readonly verdicts: readonly Verdict[];
}

/** A result with what follows from it. */
export function judged(result: Result): Result & Judgement {
  const able = ableSides(result);
  const best = bestOf(result);
  const byClock = best === undefined ? [] : ratios(result, best, "milliseconds");
  const ratio = best && median(byClock);
  const peakRatio = able.length === 0
    ? undefined
    : Math.min(...able.map(peakBytes)) / peakBytes(result.qorus);
  return {
    ...result,
    best: best?.variant,
    ratios: byClock,
    ratio,
    ratioToCompiled: ratioToCompiled(result),
    peakRatio,
    verdicts: [
      ...judge("speed", ratio, { least: targetRatio(result) }),
      ...judge("peak memory", peakRatio, { least: leastPeakRatio }),
    ],
  };
}

/** The verdicts of all results. */
export function verdictsOf(results: readonly Result[]): Verdict[] {
  return results.flatMap((result) => judged(result).verdicts);
}

const missing = "-";

/** The cells that compare with the faster of eager and tuned, and with torch.compile. */
function comparison(result: Result): string[] {
  const best = bestOf(result);
  const toCompiled = ratioToCompiled(result)?.toFixed(2) ?? missing;
  if (best === undefined) return [...Array(4).fill(missing), toCompiled];
  const byClock = ratios(result, best, "milliseconds");
  return [
    best.variant.replace("PyTorch ", ""),
    median(byClock).toFixed(2),
    spread(byClock),
    median(ratios(result, best, "processorMilliseconds")).toFixed(2),
    toCompiled,
  ];
}

/** Peak memory in MiB: Qorus's, and the least of PyTorch's variants. */
function memory(result: Result): string[] {
  const format = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  const others = ableSides(result).map(peakBytes);
  return [
    format(peakBytes(result.qorus)),
    others.length === 0 ? missing : format(Math.min(...others)),
  ];
}

/** What the machine gave to each side: the spread of the fixed product's GFLOPS. */
function machineState(result: Result): string[] {
  const gigaflops = ({ turns }: Side) => turns.map(({ productGigaflops }) => productGigaflops);
  const others = ableSides(result).flatMap(gigaflops);
  return [
    spread(gigaflops(result.qorus), 0),
    others.length === 0 ? missing : spread(others, 0),
    result.loadAverage.toFixed(1),
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
    "to compile",
    "Qorus MiB",
    "PyTorch MiB",
    "Qorus product",
    "PyTorch product",
    "load",
    "target",
    "verdict",
  ];
}

function row(result: Result): string[] {
  const speed = (side: Side) => side.turns.length === 0 ? missing : medianSpeed(side).toFixed(2);
  const { verdicts } = judged(result);
  return [
    result.workload,
    `${result.threads}`,
    result.precision,
    speed(result.qorus),
    ...result.pytorch.map(speed),
    ...comparison(result),
    ...memory(result),
    ...machineState(result),
    targetText(verdicts),
    verdictText(verdicts),
  ];
}

/** Prints a table: medians of steps per second, and of the turns' ratios to PyTorch's best. */
export function printTable(results: readonly Result[], machine: string): void {
  const [{ qorus, pytorch }] = results;
  const describe = ({ name, kernels, runtime }: Side) => `${name}, kernels ${kernels}, ${runtime}`;
  console.log([machine, ...[qorus, ...pytorch.slice(0, 1)].map(describe)].join("\n"));
  const variants = pytorch.map(({ variant }) => variant);
  printColumns([heads(variants), ...results.map(row)], [0, 2]);
  console.log(summaryLine(verdictsOf(results)));
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
