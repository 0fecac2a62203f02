/**
 * How results are printed.
 *
 * @module
 */

import { median, printColumns, spread } from "../support/statistics.ts";
import { summaryLine, targetText, verdictText } from "../support/verdicts.ts";
import { type Group, groups } from "./cases.ts";
import { bandwidthShare, best, judged, rate, ratios, type Result, verdictsOf } from "./results.ts";

const missing = "-";

function formatTime(microseconds: number): string {
  const digits = microseconds < 10 ? 2 : microseconds < 100 ? 1 : 0;
  return microseconds.toFixed(digits);
}

function cells(result: Result, ways: readonly string[]): string[] {
  const { item, threads, qorus, others } = result;
  const row = [item.name, `${threads}`, formatTime(median(qorus.microseconds))];
  const speed = rate(result);
  if (speed !== undefined) row.push(speed.toFixed(1));
  if (item.bytes !== undefined) {
    const share = bandwidthShare(result);
    row.push(share === undefined ? missing : `${share.toFixed(0)} %`);
  }
  for (const way of ways) {
    const other = others.find((timed) => timed.way === way);
    if (other === undefined) row.push(missing, missing);
    else row.push(formatTime(median(other.microseconds)), median(ratios(result, other)).toFixed(2));
  }
  const rival = best(result);
  const byTurn = rival === undefined ? [] : ratios(result, rival);
  const compared = byTurn.length > 0 ? [median(byTurn).toFixed(2), spread(byTurn)] : [];
  const { verdicts } = judged(result);
  row.push(rival?.way ?? missing, ...(compared.length > 0 ? compared : [missing, missing]));
  row.push(spread(result.productGigaflops, 0));
  return [...row, targetText(verdicts), verdictText(verdicts)];
}

function printGroup(group: Group, results: readonly Result[]): void {
  const ways = [...new Set(results.flatMap(({ others }) => others.map(({ way }) => way)))];
  const [{ item }] = results;
  const heads = [group, "threads", "Qorus us"];
  if (item.flops !== undefined) heads.push("GFLOPS");
  if (item.bytes !== undefined) heads.push("GB/s", "of memory's");
  for (const way of ways) heads.push(`${way} us`, "ratio");
  heads.push("best other", "ratio", "spread", "product", "target", "verdict");
  console.log();
  printColumns([heads, ...results.map((result) => cells(result, ways))], [0]);
  console.log(`${group}: ${summaryLine(verdictsOf(results))}`);
}

/** What reading memory gave in the course of the run, one line for each number of threads. */
function printMemory(results: readonly Result[]): void {
  for (const threads of new Set(results.map((result) => result.threads))) {
    const speeds = results
      .filter((result) => result.threads === threads)
      .flatMap(({ memoryGigabytesPerSecond = [] }) => memoryGigabytesPerSecond);
    if (speeds.length === 0) continue;
    const middle = median(speeds).toFixed(1);
    console.log(`reading memory, ${threads} threads: ${middle} GB/s (${spread(speeds, 1)})`);
  }
}

/** Prints a table for each group, and how many targets are reached. */
export function printTables(results: readonly Result[]): void {
  printMemory(results);
  for (const group of groups) {
    const chosen = results.filter(({ item }) => item.group === group);
    if (chosen.length > 0) printGroup(group, chosen);
  }
  if (!results[0].multipliesBf16) {
    console.log(
      "\nthis processor does not multiply bf16: products in bf16 work and have no target",
    );
  }
  console.log(`\nall: ${summaryLine(verdictsOf(results))}`);
}
