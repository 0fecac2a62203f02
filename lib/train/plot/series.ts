/**
 * What charts show.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import { type Curve, downsampled, smoothed } from "./curve.ts";
import { isDrawable } from "./scale.ts";

/** Points of a chart with a name of their own. */
export interface Series extends Curve {
  /** Its name in the legend. */
  readonly name: string;
  /** How it is drawn; default: `line`. */
  readonly marks?: "line" | "points" | "line and points";
  /** Number of its color, from 0; default: its place among the series. */
  readonly color?: number;
  /** Whether its line is dashed; default: no. */
  readonly dashed?: boolean;
  /**
   * Over how many points a second line is smoothed; the points' own line is then a faint one.
   * Default: 1, no smoothing.
   */
  readonly smooth?: number;
  /** More about it in the legend, such as its last value. */
  readonly note?: string;
}

/** A series as it is drawn: short enough, and with nothing that the axes cannot show. */
export interface DrawnSeries {
  readonly name: string;
  readonly note: string;
  readonly color: number;
  readonly dashed: boolean;
  readonly hasLine: boolean;
  readonly hasPoints: boolean;
  /** The faint line, where a smoothed one is on top. */
  readonly raw?: Curve;
  /** The line, or the points. */
  readonly main: Curve;
  /** The values that the chart should have room for. */
  readonly range: readonly [least: number, most: number] | undefined;
}

/** Most points of a drawn curve: more than a screen has columns. */
const mostPoints = 2000;
/** Shares of the noisy values that a smoothed chart need not have room for. */
const outlierShare = 0.01;

/** Least and largest drawable value; nothing where there is none. */
export function rangeOf(values: ArrayLike<number>): [number, number] | undefined {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < values.length; i += 1) {
    if (!isDrawable(values[i])) continue;
    least = Math.min(least, values[i]);
    most = Math.max(most, values[i]);
  }
  return least <= most ? [least, most] : undefined;
}

/** The range of several ranges. */
export function joinRanges(
  ranges: readonly (readonly [number, number] | undefined)[],
): [number, number] | undefined {
  return rangeOf(ranges.flatMap((range) => range ?? []));
}

/** The range without the most extreme values. */
function commonRange(values: Float64Array): [number, number] | undefined {
  const sorted = values.filter((value) => isDrawable(value)).sort();
  if (sorted.length === 0) return undefined;
  const cut = Math.floor(sorted.length * outlierShare);
  return [sorted[cut], sorted[sorted.length - 1 - cut]];
}

/** Values that an axis can show; others become gaps. */
function drawable(values: ArrayLike<number>, log: boolean): Float64Array {
  return Float64Array.from(
    values,
    (value) => isDrawable(value, log) ? value : NaN,
  );
}

function thinned({ x, y }: Curve): Curve {
  const every = Math.ceil(y.length / mostPoints);
  if (every <= 1) return { x, y };
  const kept = Array.from({ length: Math.floor(y.length / every) }, (_, i) => i * every);
  return { x: kept.map((i) => x[i]), y: kept.map((i) => y[i]) };
}

/**
 * Prepares a series for drawing.
 *
 * @param place its place among the series
 * @param log whether the y axis is logarithmic
 * @throws {QorusError} `invalid_argument` where `x` and `y` have different lengths.
 */
export function prepareSeries(series: Series, place: number, log: boolean): DrawnSeries {
  const { name, x, marks = "line", smooth = 1 } = series;
  if (x.length !== series.y.length) {
    throw new QorusError(
      "invalid_argument",
      `lineChart: ${JSON.stringify(name)} has ${x.length} x and ${series.y.length} y values, ` +
        "expected as many of one as of the other",
      { op: "lineChart", field: name, given: [x.length, series.y.length] },
    );
  }
  const y = drawable(series.y, log);
  const common = {
    name,
    note: series.note ?? "",
    color: series.color ?? place,
    dashed: series.dashed ?? false,
    hasLine: marks !== "points",
    hasPoints: marks !== "line",
  };
  if (marks === "points") return { ...common, main: thinned({ x, y }), range: rangeOf(y) };
  if (smooth <= 1) {
    return { ...common, main: downsampled({ x, y }, mostPoints), range: rangeOf(y) };
  }
  const means = smoothed(y, smooth);
  return {
    ...common,
    raw: downsampled({ x, y }, mostPoints),
    main: downsampled({ x, y: means }, mostPoints),
    range: joinRanges([rangeOf(means), commonRange(y)]),
  };
}
