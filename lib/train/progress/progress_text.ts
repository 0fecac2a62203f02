/**
 * A run's state as lines of text.
 *
 * @module
 */

import { sparkline } from "../plot/sparkline.ts";
import type { RunRecord } from "../logs/run_log.ts";
import {
  formatBar,
  formatDuration,
  formatNumber,
  formatRate,
  formatShort,
  printable,
} from "./format.ts";
import type { Direction } from "./trend.ts";

/** How long a run is, as far as that is known. */
export interface RunLength {
  /** Optimizer steps in all. */
  readonly totalSteps?: number;
  /** Epochs in all. */
  readonly epochs?: number;
}

/** What a line says about a run. */
export interface ProgressState {
  /** The last training record. */
  readonly record: RunRecord;
  /** The smoothed loss. */
  readonly loss: number;
  /** Where the loss is going. */
  readonly direction?: Direction;
  /** The loss over the run. */
  readonly history: readonly number[];
  /** Steps per second, by the records' times. */
  readonly stepsPerSecond?: number;
  /** How long the run is. */
  readonly length: RunLength;
}

/** A piece of a line. */
interface Part {
  readonly text: string;
  /** Pieces with small numbers are left out first where the line is narrow. */
  readonly rank: number;
  /** Terminal code of its color. */
  readonly color?: number;
}

const gap = "  ";
const colors = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
const arrows: Readonly<Record<Direction, string>> = { falling: "↓", flat: "→", rising: "↑" };
const barCharacters = 12;
const sparklineCharacters = 10;

function paint({ text, color }: Part, colored: boolean): string {
  return colored && color !== undefined ? `\x1b[${color}m${text}\x1b[0m` : text;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function outOf(value: number, total: number | undefined): string {
  return total === undefined ? count(value) : `${count(value)}/${count(total)}`;
}

function speedText(values: RunRecord["values"], stepsPerSecond?: number): string | undefined {
  const { tokens_per_second: tokens, samples_per_second: samples } = values;
  if (tokens !== undefined) return `${formatRate(tokens)} tokens/s`;
  if (samples !== undefined) return `${formatRate(samples)} samples/s`;
  return stepsPerSecond === undefined ? undefined : `${formatRate(stepsPerSecond)} steps/s`;
}

function timeText({ record, stepsPerSecond, length }: ProgressState): string | undefined {
  const { totalSteps } = length;
  if (totalSteps === undefined) return formatDuration(record.seconds);
  if (record.step >= totalSteps) return `took ${formatDuration(record.seconds)}`;
  if (stepsPerSecond === undefined) return undefined;
  return `${formatDuration((totalSteps - record.step) / stepsPerSecond)} left`;
}

function lossPart({ loss, direction }: ProgressState): Part {
  const arrow = direction === undefined ? "" : ` ${arrows[direction]}`;
  const color = !Number.isFinite(loss)
    ? colors.red
    : direction === "rising"
    ? colors.yellow
    : colors.bold;
  return { text: `loss ${formatNumber(loss)}${arrow}`, rank: 7, color };
}

function liveParts(state: ProgressState): Part[] {
  const { record, history, length } = state;
  const { totalSteps, epochs } = length;
  const rate = record.values.learning_rate;
  const shape = history.length > 1 ? sparkline(history, sparklineCharacters) : "";
  const share = totalSteps === undefined ? undefined : record.step / totalSteps;
  const parts: (Part | undefined | "" | false)[] = [
    { text: `epoch ${outOf(record.epoch, epochs)}`, rank: 5 },
    { text: `step ${outOf(record.step, totalSteps)}`, rank: 8 },
    share !== undefined && {
      text: formatBar(share, barCharacters),
      rank: 3,
      color: colors.cyan,
    },
    "loss" in record.values && lossPart(state),
    shape && { text: shape, rank: 2, color: colors.cyan },
    optionalPart(speedText(record.values, state.stepsPerSecond), 4),
    rate !== undefined && { text: `lr ${formatShort(rate)}`, rank: 1, color: colors.dim },
    optionalPart(timeText(state), 6),
  ];
  return parts.filter((part): part is Part => typeof part === "object");
}

function optionalPart(text: string | undefined, rank: number): Part | undefined {
  return text === undefined ? undefined : { text, rank };
}

function widthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { text }) => sum + text.length + gap.length, -gap.length);
}

/** The line that is rewritten in place; at most `columns` characters, colors not counted. */
export function liveLine(state: ProgressState, columns: number, colored: boolean): string {
  const parts = liveParts(state);
  while (parts.length > 1 && widthOf(parts) > columns) {
    const least = Math.min(...parts.map(({ rank }) => rank));
    parts.splice(parts.findIndex(({ rank }) => rank === least), 1);
  }
  return parts.map((part) => paint({ ...part, text: part.text.slice(0, columns) }, colored))
    .join(gap);
}

/** The line for files and pipes, which have no width. */
export function plainLine(state: ProgressState): string {
  const { record, length } = state;
  const rate = record.values.learning_rate;
  return [
    `epoch ${outOf(record.epoch, length.epochs)}`,
    `step ${outOf(record.step, length.totalSteps)}`,
    ..."loss" in record.values ? [`loss ${formatNumber(state.loss)}`] : [],
    speedText(record.values, state.stepsPerSecond),
    ...rate === undefined ? [] : [`lr ${formatShort(rate)}`],
    timeText(state),
  ].filter((text) => text !== undefined).join(", ");
}

/** A number of a record with its name, for people. */
function valueText(name: string, value: number): string {
  if (name === "learning_rate") return `lr ${formatShort(value)}`;
  if (name.endsWith("_per_second")) {
    return `${formatRate(value)} ${printable(name.slice(0, -"_per_second".length))}/s`;
  }
  if (name.endsWith("_bytes")) {
    return `${printable(name.slice(0, -"_bytes".length))} ${formatRate(value)}B`;
  }
  return `${printable(name)} ${formatNumber(value)}`;
}

/** The parts of a line about an epoch or a validation that stays. */
function resultParts(record: RunRecord, length: RunLength, isBest: boolean): Part[] {
  const { kind, epoch, step, seconds } = record;
  const head = kind === "validation" ? "validation" : `epoch ${outOf(epoch, length.epochs)}`;
  const values = Object.entries(record.values).map(([name, value]) => {
    const best = isBest && name === "loss" ? " (best)" : "";
    return { text: valueText(name, value) + best, rank: 0, color: best ? colors.green : undefined };
  });
  return [
    { text: head, rank: 0, color: kind === "validation" ? colors.cyan : colors.bold },
    { text: `step ${count(step)}`, rank: 0 },
    ...values,
    { text: formatDuration(seconds), rank: 0, color: colors.dim },
  ];
}

/** An epoch's or a validation's numbers for files and pipes. */
export function plainResult(record: RunRecord, length: RunLength, isBest: boolean): string {
  return resultParts(record, length, isBest).map(({ text }) => text).join(", ");
}

/** An epoch's or a validation's numbers in lines of at most `columns` characters. */
export function resultLines(
  record: RunRecord,
  length: RunLength,
  isBest: boolean,
  columns: number,
  colored: boolean,
): string[] {
  const indent = columns > 20 ? gap : "";
  const room = Math.max(1, columns - indent.length);
  const lines: Part[][] = [[]];
  for (const whole of resultParts(record, length, isBest)) {
    const part = { ...whole, text: whole.text.slice(0, room) };
    const line = lines[lines.length - 1];
    if (line.length > 0 && widthOf([...line, part]) > room) lines.push([part]);
    else line.push(part);
  }
  return lines.map((parts, i) =>
    (i > 0 ? indent : "") + parts.map((part) => paint(part, colored)).join(gap)
  );
}
