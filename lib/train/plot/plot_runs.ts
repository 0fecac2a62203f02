/**
 * Pictures of runs.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import { formatNumber } from "../progress/format.ts";
import { describeSeries, drawPicture, type PanelOptions } from "./chart.ts";
import { landmarks } from "./curve.ts";
import { type NamedRun, type RunCurve, runCurves } from "./run_curves.ts";
import { isDrawable } from "./scale.ts";
import type { Series } from "./series.ts";

/** What is shown of runs, and how. */
export interface PlotOptions {
  /** Names of the numbers, a panel for each; default: `loss` and what validations measure. */
  readonly metrics?: readonly string[];
  /** Whether y axes are logarithmic; default: no. */
  readonly log?: boolean;
  /**
   * Over how many records training curves are smoothed, the raw ones being faint; 1: not at all.
   * Default: a sixtieth of a curve.
   */
  readonly smooth?: number;
  /** What it is about; default: the runs' names. */
  readonly title?: string;
  /** Width of the picture in pixels; default: 860. */
  readonly width?: number;
  /** Height of each panel's axes in pixels; default: 300. */
  readonly panelHeight?: number;
}

/** Curves with up to this many values have a dot at each. */
const mostDots = 60;
const smoothShare = 1 / 60;

/**
 * Draws the curves of runs over their steps as an SVG document, a panel for each number: training
 * smoothed with the raw curve behind it, validation beside it, several runs on top of one another.
 * See {@linkcode lineChart} for how it is drawn.
 *
 * @returns the SVG
 * @throws {QorusError} `invalid_argument` where there is no record, no number of a name, or nothing
 * positive for a logarithmic axis.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { train } from "@qorus/qorus";
 *
 * const records = train.readRunLog("runs/a/run.jsonl");
 * writeFileSync("a.svg", train.plotRuns([{ name: "a", records }], { metrics: ["loss"] }));
 * ```
 */
export function plotRuns(runs: readonly NamedRun[], options: PlotOptions = {}): string {
  const { log = false, width, panelHeight = 300 } = options;
  const curves = runCurves(runs, options.metrics);
  const metrics = [...new Set(curves.map(({ metric }) => metric))];
  const panels = metrics.map((metric): PanelOptions => {
    const own = curves.filter((curve) => curve.metric === metric);
    if (log) checkPositive(metric, own);
    return {
      series: own.map((curve) => curveSeries(curve, runs.length > 1, options.smooth)),
      heading: log ? `${metric} (logarithmic)` : metric,
      xLabel: "step",
      log,
    };
  });
  const title = options.title ??
    (runs.length === 1 ? runs[0].name : `${runs.length} runs: ${metrics.join(", ")}`);
  const description = panels.map(({ heading, series }) =>
    `${heading}: ${describeSeries(series, "step")}`
  ).join(" ");
  return drawPicture({ title, description, width, panelHeight, panels });
}

function checkPositive(metric: string, curves: readonly RunCurve[]): void {
  if (curves.some(({ values }) => values.some((value) => isDrawable(value, true)))) return;
  throw new QorusError(
    "invalid_argument",
    `${JSON.stringify(metric)}: no positive numbers, which a logarithmic axis needs; plot it ` +
      "without log",
    { op: "plotRuns", field: "log", given: metric },
  );
}

/** A single run's training and validation differ in color, several runs' in dashes. */
function curveSeries(curve: RunCurve, isOneOfMany: boolean, smooth?: number): Series {
  const { run, runNumber, kind, steps, values } = curve;
  const isValidation = kind === "validation";
  return {
    name: isOneOfMany ? `${run} ${kind}` : kind,
    x: steps,
    y: values,
    marks: values.length === 1 || (kind !== "train" && values.length <= mostDots)
      ? "line and points"
      : "line",
    color: isOneOfMany ? runNumber : isValidation ? 1 : 0,
    dashed: isOneOfMany && isValidation,
    smooth: kind === "train" ? smooth ?? Math.max(1, Math.round(values.length * smoothShare)) : 1,
    note: curveNote(curve),
  };
}

/** A curve's last value, a validation loss's lowest one, and where numbers ceased to be finite. */
function curveNote({ kind, metric, steps, values }: RunCurve): string {
  const parts: string[] = [];
  const marks = landmarks({ x: steps, y: values });
  if (marks !== undefined) {
    const { last, least } = marks;
    parts.push(formatNumber(values[last]));
    if (kind === "validation" && metric === "loss" && least !== last) {
      const step = steps[least].toLocaleString("en-US");
      parts.push(`lowest ${formatNumber(values[least])} at step ${step}`);
    }
  }
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) parts.push(`not finite at step ${steps[broken].toLocaleString("en-US")}`);
  return parts.join(", ");
}
