/**
 * Curves made smoother, and shorter.
 *
 * @module
 */

/** Points of a curve; a `y` that is not finite is a gap. */
export interface Curve {
  /** Where the values are. */
  readonly x: ArrayLike<number>;
  /** The values. */
  readonly y: ArrayLike<number>;
}

/** Indices of a curve's first, last, least and largest finite values. */
export interface Landmarks {
  readonly first: number;
  readonly last: number;
  readonly least: number;
  readonly most: number;
}

/** Where a curve begins, ends, and is lowest and highest; nothing without finite values. */
export function landmarks({ x, y }: Curve): Landmarks | undefined {
  let [first, last, least, most] = [-1, -1, -1, -1];
  for (let i = 0; i < y.length; i += 1) {
    if (!Number.isFinite(y[i]) || !Number.isFinite(x[i])) continue;
    if (first < 0) first = i;
    if (least < 0 || y[i] < y[least]) least = i;
    if (most < 0 || y[i] > y[most]) most = i;
    last = i;
  }
  return first < 0 ? undefined : { first, last, least, most };
}

/**
 * Values averaged with their neighbors on both sides, nearer ones counting more (exponential
 * weights), so that the curve does not lag behind. Values that are not finite stay as they are and
 * are left out of their neighbors' means.
 *
 * @param span how many values make up most of a mean; 1 changes nothing
 */
export function smoothed(values: ArrayLike<number>, span: number): Float64Array {
  const result = Float64Array.from(values);
  if (span <= 1) return result;
  const decay = (span - 1) / (span + 1);
  const weights = new Float64Array(values.length);
  const sums = new Float64Array(values.length);
  // Once from the left with each value itself, once from the right without it.
  for (let i = 0, sum = 0, weight = 0; i < values.length; i += 1) {
    const finite = Number.isFinite(values[i]);
    sum = sum * decay + (finite ? values[i] : 0);
    weight = weight * decay + (finite ? 1 : 0);
    sums[i] = sum;
    weights[i] = weight;
  }
  for (let i = values.length - 1, sum = 0, weight = 0; i >= 0; i -= 1) {
    const finite = Number.isFinite(values[i]);
    if (finite) result[i] = (sums[i] + sum) / (weights[i] + weight);
    sum = (sum + (finite ? values[i] : 0)) * decay;
    weight = (weight + (finite ? 1 : 0)) * decay;
  }
  return result;
}

/**
 * A curve of at most about `most` points that looks the same: of each group of neighbors the least
 * and the largest stay, in their order; a group without finite values is a gap.
 */
export function downsampled({ x, y }: Curve, most: number): Curve {
  const count = Math.min(x.length, y.length);
  if (count <= most) return { x, y };
  const groups = Math.max(1, Math.floor(most / 2));
  const xs: number[] = [];
  const ys: number[] = [];
  for (let group = 0; group < groups; group += 1) {
    const start = Math.floor((group * count) / groups);
    const end = Math.floor(((group + 1) * count) / groups);
    let least = -1;
    let largest = -1;
    for (let i = start; i < end; i += 1) {
      if (!Number.isFinite(y[i])) continue;
      if (least < 0 || y[i] < y[least]) least = i;
      if (largest < 0 || y[i] > y[largest]) largest = i;
    }
    const kept = least < 0 ? [start] : [...new Set([least, largest])].toSorted((a, b) => a - b);
    for (const i of kept) {
      xs.push(x[i]);
      ys.push(y[i]);
    }
  }
  return { x: xs, y: ys };
}
