/**
 * Putting tensors together and taking them apart.
 *
 * @module
 */

import { unexpected, wholeNumber } from "../core/arguments.ts";
import { empty, full } from "../core/creation.ts";
import { record } from "../core/gradient.ts";
import { dimensionOf } from "../core/shapes.ts";
import { checkTensor, type Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";

/**
 * Tensors one behind the other along a dimension; the other dimensions are equal.
 *
 * @throws {QorusError} `invalid_shape` when they are not, or there is no tensor.
 *
 * @example
 * ```ts
 * import { concat, tensor } from "@qorus/qorus";
 *
 * concat([tensor([[1], [2]]), tensor([[3], [4]])], 1).toArray(); // [[1, 3], [2, 4]]
 * ```
 */
export function concat(tensors: readonly Tensor[], dimension = 0): Tensor {
  const op = "concat";
  checkTensors(tensors, op);
  const [first] = tensors;
  const along = dimensionOf(dimension, first.rank, op);
  const shapes = tensors.map(({ shape }) => shape);
  const fits = (shape: number[]) =>
    shape.length === first.rank &&
    shape.every((size, i) => i === along || size === shapes[0][i]);
  const wrong = shapes.find((shape) => !fits(shape));
  if (wrong !== undefined) {
    throw new QorusError(
      "invalid_shape",
      `${op}: [${wrong.join(", ")}] and [${shapes[0].join(", ")}] differ in another dimension ` +
        `than ${along}`,
      { op, given: wrong, expected: shapes[0] },
    );
  }
  const shape = [...shapes[0]];
  shape[along] = shapes.reduce((sum, sizes) => sum + sizes[along], 0);
  const joined = empty(shape, { dtype: first.dtype });
  const ends: number[] = [];
  for (const [i, source] of tensors.entries()) {
    const start = ends[i - 1] ?? 0;
    ends.push(start + shapes[i][along]);
    joined.slice(along, start, ends[i]).copyFrom(source);
  }
  return record(
    op,
    joined,
    tensors,
    (gradient) => ends.map((end, i) => gradient.slice(along, ends[i - 1] ?? 0, end)),
  );
}

/** Throws unless there is at least one tensor, and nothing else. */
function checkTensors(tensors: readonly Tensor[], op: string): void {
  if (!Array.isArray(tensors)) throw unexpected(tensors, "an array of tensors", undefined, op);
  if (tensors.length === 0) throw new QorusError("invalid_shape", `${op}: no tensors`, { op });
  for (const tensor of tensors) checkTensor(tensor, op);
}

/**
 * Tensors of one shape along a new dimension.
 *
 * @throws {QorusError} `invalid_shape` when the shapes differ, or there is no tensor.
 */
export function stack(tensors: readonly Tensor[], dimension = 0): Tensor {
  const op = "stack";
  checkTensors(tensors, op);
  const along = dimensionOf(dimension, tensors[0].rank + 1, op);
  return concat(tensors.map((part) => part.reshape(part.shape.toSpliced(along, 0, 1))), along);
}

/**
 * Views of neighbouring parts along a dimension: of one size (the last may be smaller), or of the
 * sizes given.
 *
 * @throws {QorusError} `invalid_shape` when the sizes do not add up to the dimension.
 */
export function split(x: Tensor, sizes: number | readonly number[], dimension = 0): Tensor[] {
  const op = "split";
  checkTensor(x, op);
  const along = dimensionOf(dimension, x.rank, op);
  const total = x.shape[along];
  const parts: readonly number[] = Array.isArray(sizes)
    ? sizes
    : equalParts(total, sizes as number);
  if (parts.reduce((sum, size) => sum + size, 0) !== total) {
    throw new QorusError(
      "invalid_shape",
      `${op}: sizes ${parts} do not add up to ${total}`,
      { op, given: sizes, expected: total },
    );
  }
  let start = 0;
  return parts.map((size) => x.slice(along, start, start += size));
}

/** Sizes of parts: the last may be smaller. */
function equalParts(total: number, size: number): number[] {
  if (!(Number.isInteger(size) && size >= 1)) {
    throw unexpected(size, "a whole number of at least 1, or an array of them", "sizes", "split");
  }
  return Array.from(
    { length: Math.ceil(total / size) },
    (_, i) => Math.min(size, total - i * size),
  );
}

/**
 * The tensor with `value` around it.
 *
 * @param before elements added in front of each dimension
 * @param after elements added behind each dimension
 */
export function pad(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  value = 0,
): Tensor {
  const op = "pad";
  checkTensor(x, op);
  const { shape } = x;
  if (!Array.isArray(before)) throw unexpected(before, "an array of counts", "before", op);
  if (!Array.isArray(after)) throw unexpected(after, "an array of counts", "after", op);
  const counts = [...before, ...after];
  const valid = counts.every((count) => Number.isInteger(count) && count >= 0);
  if (!valid || before.length !== shape.length || after.length !== shape.length) {
    throw new QorusError(
      "invalid_argument",
      `${op}: [${before}] before and [${after}] after do not suit a tensor of rank ${shape.length}`,
      { op, given: [before, after] },
    );
  }
  const inside = (whole: Tensor) =>
    shape.reduce((view, size, i) => view.slice(i, before[i], before[i] + size), whole);
  const padded = full(shape.map((size, i) => before[i] + size + after[i]), value, {
    dtype: x.dtype,
  });
  inside(padded).copyFrom(x);
  return record(op, padded, [x], (gradient) => [inside(gradient)]);
}

/** The tensor `counts[i]` times along dimension i. */
export function repeat(x: Tensor, counts: readonly number[]): Tensor {
  const op = "repeat";
  checkTensor(x, op);
  if (!Array.isArray(counts)) throw unexpected(counts, "an array of counts", "counts", op);
  for (const count of counts) wholeNumber(count, "a count", op);
  const added = counts.length - x.rank;
  if (added < 0) {
    throw new QorusError(
      "invalid_argument",
      `${op}: ${counts.length} counts for a tensor of rank ${x.rank}`,
      { op, given: counts },
    );
  }
  const shape = [...new Array<number>(added).fill(1), ...x.shape];
  const apart = shape.flatMap((size) => [1, size]);
  const repeated = shape.flatMap((size, i) => [counts[i], size]);
  const folded = shape.map((size, i) => size * counts[i]);
  // Dimensions that are not repeated stay one, since a tensor has at most six.
  const keep = apart.map((_, i) => i % 2 === 1 || counts[i >> 1] !== 1);
  const select = (sizes: number[]) => sizes.filter((_, i) => keep[i]);
  return x.reshape(select(apart)).expand(select(repeated)).reshape(folded);
}
