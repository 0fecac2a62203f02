/**
 * What a comparison found, and what follows from it.
 *
 * @module
 */

import { median } from "../support/statistics.ts";
import { judge, type Verdict } from "../support/verdicts.ts";
import type { Case } from "./cases.ts";
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
  /**
   * Speed of a fixed f32 product before every turn: what the machine gave, since the product never
   * changes.
   */
  readonly productGigaflops: readonly number[];
  /** What reading memory gave right behind the turns, in GB/s; of operands that no cache holds. */
  readonly memoryGigabytesPerSecond?: number;
  /** Whether the processor multiplies bf16. */
  readonly multipliesBf16: boolean;
}

/** A result as a call makes it anew; all other ways are at least as well prepared as Qorus. */
const freshWay = "fresh";

/** Time of another over that of Qorus, turn by turn. */
export function ratios({ qorus }: Result, { microseconds }: Timed): number[] {
  return microseconds.map((time, turn) => time / qorus.microseconds[turn]);
}

/** The fastest of those that are at least as well prepared as Qorus. */
export function best({ others }: Result): Timed | undefined {
  return others
    .filter(({ way }) => way !== freshWay)
    .toSorted((a, b) => median(a.microseconds) - median(b.microseconds))[0];
}

/** GFLOPS of what is bound by arithmetic, GB/s of what is bound by memory. */
export function rate({ item, qorus }: Result): number | undefined {
  const work = item.flops ?? item.bytes;
  return work === undefined ? undefined : work / median(qorus.microseconds) / 1000;
}

/** GB/s in per cent of what memory gives; of operands that no cache holds. */
export function bandwidthShare(result: Result): number | undefined {
  const { memoryGigabytesPerSecond } = result;
  if (memoryGigabytesPerSecond === undefined) return undefined;
  return 100 * rate(result)! / memoryGigabytesPerSecond;
}

/** What a result says beside the turns themselves. */
export interface Judgement {
  readonly others: readonly (Timed & {
    /** Its time over Qorus's: the median of the turns' ratios. */
    readonly ratio: number;
  })[];
  /** The best of those that are at least as well prepared as Qorus. */
  readonly best?: string;
  /** Its time over Qorus's, turn by turn. */
  readonly ratios: readonly number[];
  /** GFLOPS of what is bound by arithmetic, GB/s of what is bound by memory. */
  readonly rate?: number;
  /** GB/s in per cent of what memory gives. */
  readonly bandwidthShare?: number;
  /** What is to be reached, and whether it is; empty where nothing was set. */
  readonly verdicts: readonly Verdict[];
}

/** A result with what follows from it. */
export function judged(result: Result): Result & Judgement {
  const others = result.others.map((other) => {
    return { ...other, ratio: median(ratios(result, other)) };
  });
  const rival = best(result);
  const ratioOf = (name?: string) => others.find(({ way }) => way === name)?.ratio;
  const share = bandwidthShare(result);
  const least = targetsOf(result.item, result.multipliesBf16);
  return {
    ...result,
    others,
    best: rival?.way,
    ratios: rival === undefined ? [] : ratios(result, rival),
    rate: rate(result),
    bandwidthShare: share,
    verdicts: [
      ...judge("best", ratioOf(rival?.way), { least: least.best }),
      ...judge("fresh", ratioOf(freshWay), { least: least.fresh }),
      ...judge("bandwidth", share, { least: least.bandwidth, unit: "%" }),
    ],
  };
}

/** The verdicts of all results. */
export function verdictsOf(results: readonly Result[]): Verdict[] {
  return results.flatMap((result) => judged(result).verdicts);
}
