/**
 * Numbers as people read them.
 *
 * @module
 */

/** Bytes in the largest binary unit that is not larger: `1.5 MiB`. */
export function formatBytes(count: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

/** A count with thousands separated: `1,100,048,384`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}
