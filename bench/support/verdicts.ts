/**
 * What is to be reached, and whether it is: the same words in all benchmarks.
 *
 * @module
 */

/** A measured value beside what it is to be. */
export interface Verdict {
  /** What is judged, such as `speed` or `bandwidth`. */
  readonly of: string;
  /** What was measured: a median. */
  readonly value: number;
  /** What it is to be at least; or at most. */
  readonly least?: number;
  readonly most?: number;
  /** Of value and bounds; absent for ratios. */
  readonly unit?: string;
  readonly reached: boolean;
}

/** What a value is to be; nothing where no target was set. */
export interface Bounds {
  readonly least?: number;
  readonly most?: number;
  readonly unit?: string;
}

/** The verdict on a value, as a list: empty where no target was set, or nothing was measured. */
export function judge(of: string, value: number | undefined, bounds: Bounds): Verdict[] {
  const { least, most, unit } = bounds;
  if (value === undefined || (least === undefined && most === undefined)) return [];
  const reached = value >= (least ?? -Infinity) && value <= (most ?? Infinity);
  return [{ of, value, least, most, unit, reached }];
}

/** The targets of a row: `speed >= 1.3, peak memory >= 1`. */
export function targetText(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ of, least, most, unit }) => {
    const bound = least === undefined ? `<= ${most}` : `>= ${least}`;
    return unit === undefined ? `${of} ${bound}` : `${of} ${bound} ${unit}`;
  }).join(", ");
}

/** Whether a row's targets are reached: `reached`, or `MISSED: speed`; empty where none was set. */
export function verdictText(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return "";
  const missed = verdicts.filter(({ reached }) => !reached).map(({ of }) => of);
  return missed.length === 0 ? "reached" : `MISSED: ${missed.join(", ")}`;
}

/** How many targets there were, and how many are reached. */
export interface Count {
  readonly reached: number;
  readonly targets: number;
}

function count(verdicts: readonly Verdict[]): Count {
  return { reached: verdicts.filter((it) => it.reached).length, targets: verdicts.length };
}

/** The counts of all verdicts together, and by what they judge. */
export function countVerdicts(
  verdicts: readonly Verdict[],
): Count & { readonly by: Readonly<Record<string, Count>> } {
  const kinds = [...new Set(verdicts.map(({ of }) => of))];
  const by = kinds.map((kind) => [kind, count(verdicts.filter(({ of }) => of === kind))]);
  return { ...count(verdicts), by: Object.fromEntries(by) };
}

/** The last line of a run: `50 of 60 targets reached: speed 40 of 48, peak memory 10 of 12`. */
export function summaryLine(verdicts: readonly Verdict[]): string {
  const { reached, targets, by } = countVerdicts(verdicts);
  if (targets === 0) return "no targets are set for what was measured";
  const kinds = Object.entries(by).map(([of, it]) => `${of} ${it.reached} of ${it.targets}`);
  return `${reached} of ${targets} targets reached: ${kinds.join(", ")}`;
}
