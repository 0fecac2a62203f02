/**
 * What a comparison found, and how it is printed.
 *
 * @module
 */

import { median, printColumns } from "../support/statistics.ts";
import { type Case, type Group, groups } from "./cases.ts";
import { targetsOf } from "./targets.ts";

/** One way to compute a case, and what its turns took. */
export interface Timed {
  readonly way: string;
  /** Microseconds of a call, turn by turn. */
  readonly microseconds: readonly number[];
}

/** One case with one number of threads. */
export interface Result {
  readonly item: Case;
  readonly threads: number;
  readonly qorus: Timed;
  readonly others: readonly Timed[];
}

/** GB/s of reading memory, by the number of threads. */
export type Bandwidth = ReadonlyMap<number, number>;

/** A result as a call makes it anew; all other ways are at least as well prepared as Qorus. */
const freshWay = "fresh";

/** Time of another over that of Qorus, turn by turn. */
function ratios({ qorus }: Result, { microseconds }: Timed): number[] {
  return microseconds.map((time, turn) => time / qorus.microseconds[turn]);
}

/** The fastest of those that write into ready buffers. */
export function best({ others }: Result): Timed | undefined {
  return others
    .filter(({ way }) => way !== freshWay)
    .toSorted((a, b) => median(a.microseconds) - median(b.microseconds))[0];
}

/** GFLOPS of products, GB/s of what is bound by memory. */
export function rate({ item, qorus }: Result): number | undefined {
  const work = item.flops ?? item.bytes;
  return work === undefined ? undefined : work / median(qorus.microseconds) / 1000;
}

/** What a result says beside the turns themselves. */
export interface Judgement {
  readonly others: readonly (Timed & {
    /** Its time over Qorus's: the median of the turns' ratios. */
    readonly ratio: number;
  })[];
  /** The best of those that write into ready buffers. */
  readonly best?: string;
  /** GFLOPS of products, GB/s of what is bound by memory. */
  readonly rate?: number;
  /** GB/s as a share of what memory gives. */
  readonly shareOfMemory?: number;
  /** What is to be reached, and whether it is; empty where nothing was set. */
  readonly targets: readonly Target[];
}

/** A least value that is to be reached. */
export interface Target {
  /** `best` and `fresh` are ratios to those ways, `memory` is a share of memory's speed. */
  readonly of: "best" | "fresh" | "memory";
  readonly least: number;
  readonly reached: boolean;
}

/** A result with what follows from it. */
export function judged(result: Result, bandwidth: Bandwidth): Result & Judgement {
  const others = result.others.map((other) => {
    return { ...other, ratio: median(ratios(result, other)) };
  });
  const rival = best(result)?.way;
  const speed = rate(result);
  const memory = result.item.bytes === undefined ? undefined : bandwidth.get(result.threads);
  const shareOfMemory = memory === undefined ? undefined : speed! / memory;
  const reachedValues: Record<Target["of"], number | undefined> = {
    best: others.find(({ way }) => way === rival)?.ratio,
    fresh: others.find(({ way }) => way === freshWay)?.ratio,
    memory: shareOfMemory,
  };
  const targets = Object.entries(targetsOf(result.item)).flatMap(([of, least]): Target[] => {
    const value = reachedValues[of as Target["of"]];
    if (value === undefined || least === undefined) return [];
    return [{ of: of as Target["of"], least, reached: value >= least }];
  });
  return { ...result, others, best: rival, rate: speed, shareOfMemory, targets };
}

/** What a row is to reach, and what of it is missed. */
function verdict({ targets }: Judgement): [string, string] {
  const wanted = targets.map(({ of, least }) =>
    of === "memory" ? `memory ${(100 * least).toFixed(0)} %` : `${of} ${least}`
  );
  const missed = targets.filter(({ reached }) => !reached).map(({ of }) => of);
  const isReached = missed.length === 0 ? "yes" : `NO: ${missed.join(", ")}`;
  return [wanted.join(", "), targets.length === 0 ? "" : isReached];
}

function formatTime(microseconds: number): string {
  const digits = microseconds < 10 ? 2 : microseconds < 100 ? 1 : 0;
  return microseconds.toFixed(digits);
}

function cells(result: Result, ways: readonly string[], bandwidth: Bandwidth): string[] {
  const { item, threads, qorus, others } = result;
  const row = [item.name, `${threads}`, formatTime(median(qorus.microseconds))];
  const speed = rate(result);
  if (speed !== undefined) row.push(speed.toFixed(1));
  if (item.bytes !== undefined) {
    const most = bandwidth.get(threads);
    row.push(most === undefined ? "-" : `${(100 * speed! / most).toFixed(0)} %`);
  }
  for (const way of ways) {
    const other = others.find((timed) => timed.way === way);
    if (other === undefined) row.push("-", "-");
    else row.push(formatTime(median(other.microseconds)), median(ratios(result, other)).toFixed(2));
  }
  const rival = best(result);
  const range = rival === undefined ? [] : ratios(result, rival);
  row.push(
    rival?.way ?? "-",
    median(range).toFixed(2),
    `${Math.min(...range).toFixed(2)}-${Math.max(...range).toFixed(2)}`,
    ...verdict(judged(result, bandwidth)),
  );
  return row;
}

function printGroup(group: Group, results: readonly Result[], bandwidth: Bandwidth): void {
  const ways = [...new Set(results.flatMap(({ others }) => others.map(({ way }) => way)))];
  const [{ item }] = results;
  const heads = [group, "threads", "Qorus us"];
  if (item.flops !== undefined) heads.push("GFLOPS");
  if (item.bytes !== undefined) heads.push("GB/s", "of memory's");
  for (const way of ways) heads.push(`${way} us`, "ratio");
  heads.push("best other", "ratio", "spread", "target", "reached");
  console.log();
  printColumns([heads, ...results.map((result) => cells(result, ways, bandwidth))], [0]);
}

/** Prints a table for each group. */
export function printTables(results: readonly Result[], bandwidth: Bandwidth): void {
  for (const [threads, speed] of bandwidth) {
    console.log(`reading memory with ${threads} threads: ${speed.toFixed(1)} GB/s`);
  }
  for (const group of groups) {
    const chosen = results.filter(({ item }) => item.group === group);
    if (chosen.length > 0) printGroup(group, chosen, bandwidth);
  }
}
