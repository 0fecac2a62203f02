/**
 * One pair of axes with its series, heading and legend.
 *
 * @module
 */

import type { Curve } from "./curve.ts";
import { linearScale, logScale, type Scale } from "./scale.ts";
import { type DrawnSeries, joinRanges } from "./series.ts";
import {
  dotPath,
  element,
  escapeXml,
  fitText,
  linePath,
  type Point,
  textElement,
  textWidth,
} from "./svg.ts";
import { colorClass } from "./theme.ts";

/** What a panel shows. */
export interface PanelContent {
  /** Name of the values, above the axes. */
  readonly heading: string;
  /** Name of the x axis. */
  readonly xLabel: string;
  /** The values at the ends of the x axis. */
  readonly xRange: readonly [least: number, most: number];
  /** Whether the y axis is logarithmic. */
  readonly log: boolean;
  /** The series. */
  readonly series: readonly DrawnSeries[];
}

/** A panel as SVG. */
export interface Panel {
  /** Its elements, from y = 0 on. */
  readonly markup: string;
  /** How high it is, in pixels. */
  readonly height: number;
}

const headingHeight = 26;
const legendRowHeight = 21;
const legendGap = 26;
const swatchWidth = 22;
const labelPixels = 11;
const legendPixels = 12.5;
const axisHeight = 44;
/** Panels below one another begin at the same place as long as their labels are short. */
const leastLabelWidth = 32;
/** Room around the axes for the halves of dots that lie on their edges. */
const overhang = 6;

/** Rectangle of the axes in the panel. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Draws a panel.
 *
 * @param width of all of it, in pixels
 * @param height of the axes, in pixels
 */
export function drawPanel(content: PanelContent, width: number, height: number): Panel {
  const { heading, series, log } = content;
  const [leastY, mostY] = joinRanges(series.map(({ range }) => range)) ?? (log ? [1, 10] : [0, 1]);
  const rows = Math.max(3, Math.round(height / 48));
  const y = log ? logScale(leastY, mostY, rows) : linearScale(leastY, mostY, true, rows);
  const labelWidth = Math.max(
    ...y.ticks.map(({ label }) => textWidth(label, labelPixels)),
    leastLabelWidth,
  );
  const legend = drawLegend(series, width, headingHeight);
  const left = Math.ceil(labelWidth) + 10;
  const frame = {
    left,
    top: headingHeight + legend.height + 12,
    width: width - left - overhang,
    height,
  };
  const x = linearScale(...content.xRange, false, Math.max(2, Math.round(width / 110)));
  const title = fitText(heading, width, 14);
  const markup = [
    textElement(title, { class: "q-strong", x: 0, y: 14, "font-size": 14, "font-weight": 600 }),
    legend.markup,
    drawAxes(frame, x, y, content.xLabel),
    drawSeries(series, frame, x, y),
  ].join("\n");
  return { markup, height: frame.top + height + axisHeight };
}

function drawLegend(series: readonly DrawnSeries[], width: number, top: number): Panel {
  let x = 0;
  let row = 0;
  const entries = series.map(({ name, note, color, dashed, hasLine, hasPoints }) => {
    const noteWidth = textWidth(note, legendPixels);
    const room = Math.max(40, width - swatchWidth - 8 - noteWidth);
    const label = fitText(name, room, legendPixels);
    const entryWidth = swatchWidth + 8 + textWidth(label, legendPixels) + noteWidth;
    if (x > 0 && x + entryWidth > width) {
      x = 0;
      row += 1;
    }
    const middle = top + row * legendRowHeight + legendRowHeight / 2;
    const line = `M${x + 1} ${middle}h${swatchWidth - 2}`;
    const swatch =
      (hasLine ? element("path", { class: `q-line${dashed ? " q-dashed" : ""}`, d: line }) : "") +
      (hasPoints
        ? element("path", { class: "q-dots", d: dotPath([[x + swatchWidth / 2, middle]]) })
        : "");
    const content = element("tspan", { class: "q-strong" }, escapeXml(label)) +
      (note === "" ? "" : element("tspan", { class: "q-muted" }, escapeXml(` ${note}`)));
    const attributes = { x: x + swatchWidth + 6, y: middle + 4, "font-size": legendPixels };
    x += entryWidth + legendGap;
    return element("g", { class: colorClass(color) }, swatch) +
      element("text", attributes, content);
  });
  const height = series.length === 0 ? 0 : (row + 1) * legendRowHeight;
  return { markup: entries.join("\n"), height };
}

function drawAxes(frame: Frame, x: Scale, y: Scale, xLabel: string): string {
  const { left, top, width, height } = frame;
  const right = left + width;
  const bottom = top + height;
  const label = { class: "q-muted", "font-size": labelPixels };
  const grid: string[] = [];
  const labels: string[] = [];
  for (const tick of y.ticks) {
    const at = bottom - tick.position * height;
    grid.push(`M${left} ${at.toFixed(1)}H${right}`);
    labels.push(
      textElement(tick.label, { ...label, x: left - 8, y: at + 4, "text-anchor": "end" }),
    );
  }
  const marks: string[] = [];
  for (const tick of x.ticks) {
    const at = left + tick.position * width;
    const half = textWidth(tick.label, labelPixels) / 2;
    const anchor = at + half > right + overhang ? "end" : "middle";
    marks.push(`M${at.toFixed(1)} ${bottom}v4`);
    labels.push(
      textElement(tick.label, { ...label, x: at, y: bottom + 18, "text-anchor": anchor }),
    );
  }
  const middle = left + width / 2;
  return [
    element("path", { class: "q-grid", d: grid.join("") }),
    element("path", { class: "q-axis", d: `M${left} ${bottom}H${right}${marks.join("")}` }),
    ...labels,
    textElement(xLabel, { ...label, x: middle, y: bottom + 36, "text-anchor": "middle" }),
  ].join("\n");
}

function drawSeries(
  series: readonly DrawnSeries[],
  frame: Frame,
  x: Scale,
  y: Scale,
): string {
  const { left, top, width, height } = frame;
  const points = (curve: Curve): Point[] =>
    Array.from(curve.y, (value, i) => {
      const across = x.position(curve.x[i]);
      // Far outside is as invisible as outside, and its coordinates are short.
      const up = Math.min(Math.max(y.position(value), -1), 2);
      if (Number.isNaN(across) || Number.isNaN(up)) return undefined;
      return [overhang + across * width, overhang + (1 - up) * height];
    });
  const path = (kind: string, color: number, data: string) =>
    data === "" ? "" : element("path", { class: `${kind} ${colorClass(color)}`, d: data });
  const raw = series.map(({ raw, color }) =>
    raw === undefined ? "" : path("q-line q-raw", color, linePath(points(raw)))
  );
  const main = series.map(({ main, color, dashed, hasLine, hasPoints }) => {
    const all = points(main);
    const dots = hasPoints ? dotPath(all) : "";
    if (!hasLine) return path("q-dots q-cloud", color, dots);
    const line = path(`q-line${dashed ? " q-dashed" : ""}`, color, linePath(all));
    return line + path("q-halo", color, dots) + path("q-dots", color, dots);
  });
  const size = { width: width + 2 * overhang, height: height + 2 * overhang };
  const place = { x: left - overhang, y: top - overhang, overflow: "hidden" };
  return element("svg", { ...place, ...size }, [...raw, ...main].join("\n"));
}
