/**
 * What the comparisons of contenders have in common.
 *
 * @module
 */

/** The middle value; of an even number, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The lowest and the highest value: `1.26-1.47`. */
export function spread(values: readonly number[], digits = 2): string {
  return `${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)}`;
}

/** Columns that hold texts in any table. */
const texts: readonly string[] = ["target", "verdict"];

/**
 * Prints rows in columns of equal width, the first one with their names: texts to the left, numbers
 * to the right.
 *
 * @param textColumns besides targets and verdicts
 */
export function printColumns(
  rows: readonly (readonly string[])[],
  textColumns: readonly number[],
): void {
  const isText = rows[0].map((name, i) => textColumns.includes(i) || texts.includes(name));
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  for (const cells of rows) {
    const line = cells.map((cell, column) =>
      isText[column] ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    );
    console.log(line.join("  ").trimEnd());
  }
}
