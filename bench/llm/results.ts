/**
 * What was found, and how it is printed.
 *
 * @module
 */

import { median, printColumns, spread } from "../support/statistics.ts";
import { judge, summaryLine, targetText, type Verdict, verdictText } from "../support/verdicts.ts";
import type { Times } from "./contender_process.ts";
import type { Measured, Pair } from "./contenders.ts";

/** A row that compares. */
export interface Comparison extends Pair {
  readonly row: string;
  /** The model's file, without its ending. */
  readonly model: string;
  readonly threads: number;
  /** Tokens computed per turn; 0 where the time itself counts. */
  readonly tokens: number;
  /** Least ratio; absent where none was set. */
  readonly target?: number;
}

/** A row about Qorus alone. */
export interface Reading {
  readonly row: string;
  readonly model: string;
  readonly threads: number;
  readonly unit: "us" | "%" | "x" | "GB/s";
  /** Of every turn. */
  readonly values: readonly number[];
  /** What is to be reached. */
  readonly least?: number;
  /** What is not to be exceeded. */
  readonly most?: number;
}

/** A row. */
export type Result = Comparison | Reading;

/** Qorus's speed over llama.cpp's in every turn, by either clock. */
export function ratios(
  { qorus, llamaCpp }: Comparison,
  clock: "milliseconds" | "processorMilliseconds",
): number[] {
  return qorus.times.map((ours, turn) => llamaCpp.times[turn][clock] / ours[clock]);
}

/** Whether a row reaches its target: one verdict, or none where nothing was set. */
export function verdictsOf(result: Result): Verdict[] {
  if ("values" in result) return judge(result.row, median(result.values), result);
  return judge(result.row, median(ratios(result, "milliseconds")), { least: result.target });
}

/** A row with what follows from it: ratios and their median, and whether the target is reached. */
export function judged(
  result: Result,
): Result & { ratios?: number[]; ratio?: number; verdicts: Verdict[] } {
  const verdicts = verdictsOf(result);
  if ("values" in result) return { ...result, verdicts };
  const byClock = ratios(result, "milliseconds");
  return { ...result, ratios: byClock, ratio: median(byClock), verdicts };
}

function speed({ tokens }: Comparison, { times }: Measured): string {
  const milliseconds = median(times.map((it) => it.milliseconds));
  if (tokens > 0) return `${(tokens * 1000 / milliseconds).toFixed(1)} tok/s`;
  const loading = times.map((it: Times) => it.loadMilliseconds ?? NaN);
  const part = Number.isNaN(loading[0]) ? "" : ` (load ${median(loading).toFixed(0)})`;
  return `${milliseconds.toFixed(0)} ms${part}`;
}

/** The row's numbers, one text for each column. */
function cells(result: Result): string[] {
  const { row, model, threads } = result;
  const named = [row, model, `${threads}`];
  const verdicts = verdictsOf(result);
  const judgement = [targetText(verdicts), verdictText(verdicts)];
  if ("values" in result) {
    const { values, unit } = result;
    const digits = unit === "x" ? 2 : 1;
    const value = `${median(values).toFixed(digits)} ${unit}`;
    return [...named, value, "", "", spread(values, digits), "", "", ...judgement];
  }
  const byClock = ratios(result, "milliseconds");
  return [
    ...named,
    speed(result, result.qorus),
    speed(result, result.llamaCpp),
    median(byClock).toFixed(2),
    spread(byClock),
    median(ratios(result, "processorMilliseconds")).toFixed(2),
    result.loadAverage.toFixed(1),
    ...judgement,
  ];
}

function describe({ name, kernels, runtime }: Measured): string {
  return `${name}, kernels ${kernels}, ${runtime}`;
}

/** One line about a row that was just measured. */
export function summary(result: Result): string {
  const [row, model, threads, value, , ratio, range] = cells(result);
  const shown = "values" in result ? value : ratio;
  const verdict = verdictText(verdictsOf(result));
  return `${model}, ${threads} threads, ${row}: ${shown} (${range}) ${verdict}`;
}

/** Prints a table: medians of speeds and of the turns' ratios. */
export function printTable(results: readonly Result[], machine: string): void {
  console.log(machine);
  const pairs = results.filter((result) => "qorus" in result && result.tokens > 0) as Comparison[];
  const kinds = pairs.map(({ qorus, llamaCpp }) => `${describe(qorus)}; ${describe(llamaCpp)}`);
  for (const kind of new Set(kinds)) console.log(kind);
  const heads = [
    "row",
    "model",
    "threads",
    "Qorus",
    "llama.cpp",
    "ratio",
    "spread",
    "CPU ratio",
    "load",
    "target",
    "verdict",
  ];
  printColumns([heads, ...results.map(cells)], [0, 1]);
  console.log(summaryLine(results.flatMap(verdictsOf)));
}
