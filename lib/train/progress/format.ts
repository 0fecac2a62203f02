/**
 * Numbers of a run as people read them.
 *
 * @module
 */

/** Four digits that count: `2.134`, `0.01234`, `1.234e-7`, `nan`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return shortExponent(value.toExponential(3));
  return size >= 1e4 ? String(Math.round(value)) : value.toPrecision(4);
}

/** Two digits that count, for learning rates: `0.003`, `3.5e-4`. */
export function formatShort(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatNumber(value);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 100) return shortExponent(value.toExponential(1));
  return String(Number(value.toPrecision(2)));
}

/** `1.000e-7` says no more than `1e-7`. */
function shortExponent(text: string): string {
  return text.replace(/\.?0*e\+?/, "e");
}

/** A speed: `12.3`, `1.2k`, `34M`. */
export function formatRate(perSecond: number): string {
  const units = ["", "k", "M", "G"];
  let value = perSecond;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 99.5 ? value.toFixed(0) : value.toPrecision(value < 0.1 ? 1 : 3)}${
    units[unit]
  }`;
}

/** A time: `0:42`, `12:03`, `1:02:03`, `2d 03:04:05`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (count: number) => String(Math.floor(count)).padStart(2, "0");
  const [days, hours, minutes] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  if (days > 0) return `${days}d ${two(hours)}:${two(minutes)}:${two(whole % 60)}`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}`;
}

/** A bar that is full at a share of 1: `███░░░`. */
export function formatBar(share: number, characters: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * characters);
  return "█".repeat(full) + "░".repeat(characters - full);
}

/** Text of a file or a program with nothing in it that a terminal obeys. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, "?");
}
