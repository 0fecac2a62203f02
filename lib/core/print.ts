/**
 * Tensors as text.
 *
 * @module
 */

import { isQuantized } from "./dtype.ts";
import { noGrad } from "./gradient.ts";
import { scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

/** Elements above which the middle of each dimension is left out, as in PyTorch. */
const mostElements = 1000;
/** Elements shown at both ends of a dimension that is cut. */
const edgeCount = 3;
const mostColumns = 80;

/** Rows of numbers, cut where there are too many: undefined stands for what is left out. */
type Shown = number | undefined | Shown[];

/**
 * A tensor's shape, dtype and device, and its numbers below: all of them, or the outermost of each
 * dimension where there are more than 1,000.
 */
export function printTensor(x: Tensor): string {
  const head = describeTensor(x);
  if (!x.isLive || isQuantized(x.dtype)) return head;
  if (x.size === 0) return `${head} []`;
  using _ = scope();
  const shown = noGrad(() => read(x, x.size > mostElements));
  const write = numberFormat(shown);
  if (typeof shown === "number") return `${head} ${write(shown)}`;
  return `${head}\n${layOut(shown as Shown[], write, 1)}`;
}

/** Shape, dtype and device in one line. */
function describeTensor(x: Tensor): string {
  if (!x.isLive) return "Tensor(ended)";
  return `Tensor([${x.shape.join(", ")}], ${x.dtype}, ${x.device})`;
}

/** The numbers, with the middle of long dimensions left out. */
function read(x: Tensor, cut: boolean): Shown {
  const [length] = x.shape;
  if (!cut || length === undefined) return x.toArray();
  const pieces = length <= 2 * edgeCount
    ? [x]
    : [x.slice(0, 0, edgeCount), x.slice(0, length - edgeCount, length)];
  const ends = pieces.map((piece) => rowsOf(piece, cut));
  return ends.length === 1 ? ends[0] : [...ends[0], undefined, ...ends[1]];
}

function rowsOf(x: Tensor, cut: boolean): Shown[] {
  if (x.rank === 1) return x.toArray() as number[];
  const [length, ...rest] = x.shape;
  return Array.from({ length }, (_, i) => {
    const row = x.slice(0, i, i + 1);
    return read(row.reshape(rest), cut);
  });
}

/** How all numbers are written, in equal width: PyTorch's choice of digits. */
function numberFormat(shown: Shown): (value: number) => string {
  const values = numbersIn(shown);
  const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const smallest = sizes.reduce((least, size) => Math.min(least, size), Infinity);
  const whole = sizes.every(Number.isInteger);
  const scientific = whole
    ? largest > 1e9
    : largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4;
  const write = (value: number): string => {
    if (!Number.isFinite(value)) return String(value).replace("Infinity", "inf").toLowerCase();
    if (scientific) return value.toExponential(4);
    return whole ? String(value) : value.toFixed(4);
  };
  const width = values.reduce((most, value) => Math.max(most, write(value).length), 0);
  return (value) => write(value).padStart(width);
}

function numbersIn(shown: Shown): number[] {
  if (Array.isArray(shown)) return shown.flatMap(numbersIn);
  return shown === undefined ? [] : [shown];
}

/** Nested brackets, a line for each row, indented as deep as it lies. */
function layOut(rows: readonly Shown[], write: (value: number) => string, depth: number): string {
  if (!rows.some(Array.isArray)) return `[${wrapNumbers(rows, write, depth)}]`;
  const lines = rows.map((row) => Array.isArray(row) ? layOut(row, write, depth + 1) : "...");
  // Matrices are set apart by an empty line, as are the blocks of higher ranks.
  const isOfRows = rows.every((row) => !Array.isArray(row) || !row.some(Array.isArray));
  return `[${lines.join(`,${isOfRows ? "\n" : "\n\n"}${" ".repeat(depth)}`)}]`;
}

function wrapNumbers(
  row: readonly Shown[],
  write: (value: number) => string,
  depth: number,
): string {
  let text = "";
  let column = depth;
  for (const [i, value] of row.entries()) {
    const cell = value === undefined ? "..." : write(value as number);
    const needed = cell.length + 2;
    if (i > 0) {
      const breaks = column + needed > mostColumns;
      text += breaks ? `,\n${" ".repeat(depth)}` : ", ";
      if (breaks) column = depth;
    }
    text += cell;
    column += needed;
  }
  return text;
}
