/**
 * Seeds that are made from other seeds.
 *
 * @module
 */

/** The last steps of MurmurHash3 (Appleby 2011): every bit of the input changes half the output. */
function mix(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The seed that belongs to number `index`, an epoch or a sample, of what `seed` belongs to. */
export function derivedSeed(seed: number, index: number): number {
  return mix((mix(seed + 0x9e3779b9) + Math.imul(index + 1, 0x9e3779b1)) >>> 0);
}
