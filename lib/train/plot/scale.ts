/**
 * Axes: where a value lies, and which values are named.
 *
 * @module
 */

/** A named value of an axis. */
export interface Tick {
  /** Where it is, from 0 at the axis's least value to 1 at its largest. */
  readonly position: number;
  /** Its name. */
  readonly label: string;
}

/** An axis. */
export interface Scale {
  /** Where a value is, from 0 to 1; NaN for one that the axis cannot show. */
  position(value: number): number;
  /** Values worth naming. */
  readonly ticks: readonly Tick[];
}

/** Beyond this size differences of two numbers are no longer finite. */
const largest = 1e300;
const smallestPositive = 1 / largest;
/** A range this small against its values is one value with rounding errors. */
const smallestShare = 1e-9;

/** Whether a value can be drawn, on a logarithmic axis if `log`. */
export function isDrawable(value: number, log = false): boolean {
  return Math.abs(value) <= largest && (!log || value >= smallestPositive);
}

/** Distance of ticks: 1, 2 or 5 times a power of ten, so that at most `count` fit. */
function niceStep(span: number, count: number): number {
  const least = span / count;
  const power = 10 ** Math.floor(Math.log10(least));
  const share = least / power;
  return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

/** A tick's label: as many digits as neighbors at this distance need, and a true minus sign. */
function tickLabel(value: number, step: number): string {
  const size = Math.abs(value);
  if (size < step / 2) return "0";
  return (value < 0 ? "−" : "") + sizeLabel(size, step);
}

function sizeLabel(size: number, step: number): string {
  if (size >= 1e6 || step >= 1e6) return millions(size, step);
  if (step < 1e-4 * (1 - 1e-9)) return exponent(size, step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return size.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function millions(size: number, step: number): string {
  if (size >= 1e12 || step < 1e3) return exponent(size, step);
  const digits = Math.max(0, -Math.floor(Math.log10(step / 1e6) + 1e-9));
  return `${(size / 1e6).toFixed(digits)}M`;
}

function exponent(size: number, step: number): string {
  const digits = Math.floor(Math.log10(size)) - Math.floor(Math.log10(step) + 1e-9);
  return size.toExponential(Math.min(Math.max(digits, 0), 12)).replace("e+", "e");
}

/** A range of some width around values that may all be the same. */
function widen(least: number, most: number): [number, number] {
  const size = Math.max(Math.abs(least), Math.abs(most));
  if (most - least > size * smallestShare && most - least > smallestPositive) return [least, most];
  const half = size > smallestPositive ? size * 0.1 : 1;
  return [least - half, most + half];
}

/**
 * An axis on which equal distances are equal differences.
 *
 * @param rounded whether it begins and ends at ticks, that are near, or has a little room
 * @param tickCount most ticks
 */
export function linearScale(
  leastValue: number,
  mostValue: number,
  rounded: boolean,
  tickCount: number,
): Scale {
  const [from, to] = widen(leastValue, mostValue);
  const step = niceStep(to - from, tickCount);
  const [first, last] = [Math.ceil(from / step - 1e-9), Math.floor(to / step + 1e-9)];
  const least = rounded ? lowerEnd(from / step) * step : from;
  const most = rounded ? -lowerEnd(-to / step) * step : to;
  const span = most - least;
  const share = (value: number) => (value - least) / span;
  const ticks: Tick[] = [];
  for (let i = first - 1; i <= last + 1; i += 1) {
    const position = share(i * step);
    if (position < -1e-9 || position > 1 + 1e-9) continue;
    ticks.push({ position, label: tickLabel(i * step, step) });
  }
  return { position: (value) => isDrawable(value) ? share(value) : NaN, ticks };
}

/** The whole number below a number of steps, or a fifth of a step of room if it is far away. */
function lowerEnd(steps: number): number {
  const below = Math.floor(steps + 1e-9);
  return steps - below <= 0.6 ? below : steps - 0.2;
}

/**
 * An axis on which equal distances are equal ratios; values must be positive to be shown.
 *
 * @param tickCount about how many ticks
 */
export function logScale(leastValue: number, mostValue: number, tickCount: number): Scale {
  const [from, to] = [Math.log10(leastValue), Math.log10(mostValue)];
  const pad = Math.max((to - from) * 0.04, 0.05);
  const least = from - pad;
  const span = to + pad - least;
  const share = (value: number) => (Math.log10(value) - least) / span;
  const position = (value: number) => isDrawable(value, true) ? share(value) : NaN;
  if (span < 0.7) return { position, ticks: linearTicks(least, span, share, tickCount) };
  const multiples = span <= 2.2 ? [1, 2, 5] : [1];
  const every = Math.ceil(span / tickCount);
  const ticks: Tick[] = [];
  for (let power = Math.floor(least); power <= least + span; power += 1) {
    if (power % every !== 0) continue;
    for (const multiple of multiples) {
      const value = multiple * 10 ** power;
      const at = share(value);
      if (at >= 0 && at <= 1) ticks.push({ position: at, label: tickLabel(value, value) });
    }
  }
  return { position, ticks };
}

/**
 * Ticks of equal differences on an axis of equal ratios, for ranges of less than a power of ten.
 */
function linearTicks(
  leastPower: number,
  span: number,
  share: (value: number) => number,
  tickCount: number,
): Tick[] {
  const least = 10 ** leastPower;
  const range = 10 ** (leastPower + span) - least;
  return linearScale(least, least + range, false, tickCount).ticks.map((tick) => ({
    position: share(least + tick.position * range),
    label: tick.label,
  }));
}
