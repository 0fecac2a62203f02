/**
 * `qorus plot`: the curves of training runs.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { AtomicFile } from "../formats/atomic_file.ts";
import { encodeUtf8 } from "../formats/byte_writer.ts";
import { readRunLog } from "../train/logs/json_lines.ts";
import { plotRuns } from "../train/plot/plot_runs.ts";
import { type NamedRun, type RunCurve, runCurves } from "../train/plot/run_curves.ts";
import { sparkline } from "../train/plot/sparkline.ts";
import { formatNumber, printable } from "../train/progress/format.ts";
import { terminal } from "../train/progress/terminal.ts";
import { type OptionDefinitions, readArguments, UsageError } from "./arguments.ts";
import { columns, type Command } from "./command.ts";
import { formatCount } from "./format.ts";
import { printData, printMessage, writeData } from "./output.ts";

const options = {
  output: {
    kind: "text",
    short: "o",
    placeholder: "PATH",
    help: "the SVG file, - for stdout (default: the first run's name with .svg)",
  },
  metric: {
    kind: "text",
    placeholder: "NAMES",
    help: "numbers to show, with commas between (default: loss and what validations measure)",
  },
  log: { kind: "flag", help: "logarithmic y axes" },
  smooth: {
    kind: "integer",
    least: 1,
    help: "records that a smoothed value is made of, 1 for none (default: a sixtieth)",
  },
  title: { kind: "text", placeholder: "TEXT", help: "the title (default: the runs' names)" },
} as const satisfies OptionDefinitions;

const mostRuns = 50;
const extension = ".jsonl";
const widestSparkline = 60;

function withoutExtension(path: string): string {
  return path.endsWith(extension) ? path.slice(0, -extension.length) : path;
}

/** Names for legends: those of the files, or the paths where files have the same name. */
function runNames(paths: readonly string[]): string[] {
  const names = paths.map((path) => withoutExtension(basename(path)));
  const isClear = paths.length > 1 && new Set(names).size === names.length;
  return isClear ? names : paths.map(withoutExtension);
}

/** A table of curves in characters. */
function curveLines(curves: readonly RunCurve[], isOneOfMany: boolean, width: number): string {
  const numbers = curves.map(({ values, steps }) =>
    `${formatNumber(values[0])} → ${formatNumber(values[values.length - 1])}  ` +
    `step ${formatCount(steps[steps.length - 1])}`
  );
  const names = curves.map(({ run, kind, metric }) =>
    printable(`${isOneOfMany ? `${run} ` : ""}${kind} ${metric}`)
  );
  const taken = Math.max(...names.map((name) => name.length)) +
    Math.max(...numbers.map((text) => text.length));
  const room = Math.min(Math.max(width - taken - 6, 8), widestSparkline);
  const lines = curves.map(({ values }, i) =>
    `${sparkline(values, room).padEnd(room)}  ${numbers[i]}`
  );
  return columns(lines.map((line, i) => [names[i], line]));
}

function readMetrics(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  if (!names.includes("")) return [...new Set(names)];
  throw new UsageError(`--metric: ${JSON.stringify(text)} is given, expected names`, "metric");
}

function writeSvg(path: string, svg: string): void {
  using file = AtomicFile.create(path);
  file.write(encodeUtf8(svg));
  file.commit();
}

function run(given: readonly string[]): Promise<void> {
  const { options: values, positionals } = readArguments(given, options, mostRuns);
  if (positionals.length === 0) throw new UsageError("expected the log of a run: RUN.jsonl");
  const { output = `${withoutExtension(positionals[0])}.svg`, metric, ...style } = values;
  const metrics = readMetrics(metric);
  const toStdout = output === "-";
  if (!toStdout && positionals.some((path) => resolve(path) === resolve(output))) {
    throw new UsageError(`--output: ${output} is a run; expected another file`, "output");
  }
  const names = runNames(positionals);
  const runs = positionals.map((path, i): NamedRun => ({
    name: names[i],
    records: readRunLog(path),
  }));
  const svg = plotRuns(runs, { ...style, metrics });
  if (toStdout) writeData(svg);
  else writeSvg(output, svg);
  // What is seen in the terminal is data too, unless the picture takes its place.
  const print = toStdout ? printMessage : printData;
  print(curveLines(runCurves(runs, metrics), runs.length > 1, terminal().columns));
  if (!toStdout) printMessage(`${output}: ${formatCount(svg.length)} bytes`);
  return Promise.resolve();
}

/** The curves of training runs. */
export const command: Command = {
  name: "plot",
  summary: "Draws the curves of training runs as SVG, and in the terminal.",
  parameters: "RUN.jsonl...",
  details: "RUN.jsonl is what train.JsonLinesLog writes, of a run that ended or still goes on.\n" +
    "Several runs are drawn on top of one another.",
  options,
  examples: [
    "qorus plot runs/a/run.jsonl",
    "qorus plot a.jsonl b.jsonl --metric loss,accuracy --log -o compared.svg",
  ],
  run,
};
