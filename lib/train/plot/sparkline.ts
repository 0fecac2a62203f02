/**
 * Curves in a line of text.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";

const levels = "▁▂▃▄▅▆▇█";

/**
 * A curve as a line of blocks: `█▆▄▃▂▂▁▁`.
 *
 * Values beyond `width` are averaged in groups of neighbors; a group without a finite number is a
 * blank. A curve that does not move is drawn at half height.
 *
 * @param width most characters, 1 or more
 * @throws {QorusError} `invalid_argument` for a width that is no whole number of 1 or more.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * train.sparkline([4, 2, 1, 0.5], 10); // "█▄▂▁"
 * ```
 */
export function sparkline(values: ArrayLike<number>, width: number): string {
  if (!Number.isSafeInteger(width) || width < 1) {
    throw new QorusError(
      "invalid_argument",
      `sparkline: width ${width} is given, expected 1 or more`,
      {
        op: "sparkline",
        field: "width",
        given: width,
      },
    );
  }
  const count = Math.min(width, values.length);
  const means = Array.from({ length: count }, (_, i) => {
    const end = Math.floor(((i + 1) * values.length) / count);
    return finiteMean(values, Math.floor((i * values.length) / count), end);
  });
  let least = Infinity;
  let most = -Infinity;
  for (const mean of means) {
    if (mean < least) least = mean;
    if (mean > most) most = mean;
  }
  return means.map((mean) => {
    if (Number.isNaN(mean)) return " ";
    // Halves keep the difference of two huge numbers finite.
    const share = most > least ? (mean / 2 - least / 2) / (most / 2 - least / 2) : 0.45;
    return levels[Math.min(levels.length - 1, Math.floor(share * levels.length))];
  }).join("");
}

/** Mean of the finite values from `start` to before `end`; NaN where there are none. */
function finiteMean(values: ArrayLike<number>, start: number, end: number): number {
  let mean = 0;
  let count = 0;
  for (let i = start; i < end; i += 1) {
    if (!Number.isFinite(values[i])) continue;
    count += 1;
    mean += values[i] / count - mean / count;
  }
  return count > 0 ? mean : NaN;
}
