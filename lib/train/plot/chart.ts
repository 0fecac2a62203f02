/**
 * Charts of curves and points, as SVG.
 *
 * @module
 */

import { formatNumber } from "../progress/format.ts";
import { landmarks } from "./curve.ts";
import { drawPanel } from "./panel.ts";
import { joinRanges, prepareSeries, rangeOf, type Series } from "./series.ts";
import { element, escapeXml, fitText, textElement } from "./svg.ts";
import { styleSheet } from "./theme.ts";

/** What a chart shows, and how. */
export interface LineChartOptions {
  /** The series, in the order of the legend. */
  readonly series: readonly Series[];
  /** What it is about; default: the name of the y axis. */
  readonly title?: string;
  /** What is to be seen, for people who do not see it; default: the series' ranges. */
  readonly description?: string;
  /** Name of the x axis; default: `x`. */
  readonly xLabel?: string;
  /** Name of the y axis; default: `y`. */
  readonly yLabel?: string;
  /** Whether the y axis is logarithmic: values that are not positive are left out. Default: no. */
  readonly log?: boolean;
  /** Width of the picture in pixels; default: 860. */
  readonly width?: number;
  /** Height of the axes in pixels; default: 340. */
  readonly height?: number;
}

/** One panel of a picture. */
export interface PanelOptions {
  readonly series: readonly Series[];
  readonly heading: string;
  readonly xLabel: string;
  readonly log: boolean;
}

/** A whole picture. */
export interface PictureOptions {
  readonly title: string;
  readonly description: string;
  readonly width?: number;
  readonly panelHeight?: number;
  readonly panels: readonly PanelOptions[];
}

const margin = 28;
const titleHeight = 50;
const panelGap = 22;
const narrowest = 240;

/**
 * Draws lines and points as an SVG document: axes with round numbers, a legend, colors that people
 * with color-blindness can tell apart and that fit light and dark surroundings, a title and a
 * description for screen readers. Series of any length stay small: lines keep about 2000 points.
 *
 * Values that are not finite are gaps.
 *
 * @returns the SVG, which is XML; it can stand in a file or in HTML
 * @throws {QorusError} `invalid_argument` where a series has not as many `x` as `y` values.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { train } from "@qorus/qorus";
 *
 * const x = Array.from({ length: 100 }, (_, i) => i / 10);
 * const noisy = x.map((value) => Math.sin(value) + Math.random() / 5);
 * const svg = train.lineChart({
 *   title: "A sine and its samples",
 *   series: [
 *     { name: "samples", x, y: noisy, marks: "points" },
 *     { name: "sine", x, y: x.map(Math.sin) },
 *   ],
 * });
 * writeFileSync("sine.svg", svg);
 * ```
 */
export function lineChart(options: LineChartOptions): string {
  const { series, xLabel = "x", yLabel = "y", log = false, width, height: panelHeight } = options;
  const title = options.title ?? yLabel;
  const description = options.description ?? describeSeries(series, xLabel);
  const panels = [{ series, heading: yLabel, xLabel, log }];
  return drawPicture({ title, description, width, panelHeight, panels });
}

/** The ranges of series in words. */
export function describeSeries(series: readonly Series[], xLabel: string): string {
  if (series.length === 0) return "Nothing is drawn.";
  return series.map(({ name, x, y }) => {
    const marks = landmarks({ x, y });
    if (marks === undefined) return `${name}: no values.`;
    const at = (i: number) =>
      `${formatNumber(y[i])} at ${xLabel} ${Number(x[i].toPrecision(6)).toLocaleString("en-US")}`;
    const { first, last, least, most } = marks;
    return `${name}: from ${at(first)} to ${at(last)}; lowest ${at(least)}, highest ${at(most)}.`;
  }).join(" ");
}

/** Ends of the x axis that all panels share; 0 belongs to it where it is near. */
function commonXRange(panels: readonly PanelOptions[]): [number, number] {
  const ranges = panels.flatMap(({ series }) => series.map(({ x }) => rangeOf(x)));
  const [least, most] = joinRanges(ranges) ?? [0, 1];
  return [least > 0 && least < most / 10 ? 0 : least, most];
}

/** Draws panels below one another under a title. */
export function drawPicture(options: PictureOptions): string {
  const { title, description, panelHeight = 340 } = options;
  const width = Math.max(narrowest, options.width ?? 860);
  const inner = width - 2 * margin;
  let top = margin + titleHeight;
  const xRange = commonXRange(options.panels);
  const panels = options.panels.map(({ series, ...rest }) => {
    const drawn = series.map((one, place) => prepareSeries(one, place, rest.log));
    const panel = drawPanel({ ...rest, xRange, series: drawn }, inner, panelHeight);
    const markup = element(
      "g",
      { transform: `translate(${margin} ${top})` },
      `\n${panel.markup}\n`,
    );
    top += panel.height + panelGap;
    return markup;
  });
  const height = Math.ceil(top - panelGap + margin / 2);
  const heading = { class: "q-strong", x: margin, y: margin + 16, "font-weight": 600 };
  const body = [
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(description)}</desc>`,
    `<style>${styleSheet()}</style>`,
    element("rect", { class: "q-surface", width, height, rx: 10 }),
    textElement(fitText(title, inner, 19), { ...heading, "font-size": 19 }),
    ...panels,
  ];
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    class: "qorus-chart",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-label": title,
  };
  return `${element("svg", attributes, `\n${body.join("\n")}\n`)}\n`;
}
