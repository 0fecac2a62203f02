/**
 * IDX files for tests.
 *
 * @module
 */

/** An IDX file of bytes, with the right magic number or another one. */
export function idxBytes(
  shape: readonly number[],
  values: ArrayLike<number>,
  magic: number = 0x0800 + shape.length,
): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}
