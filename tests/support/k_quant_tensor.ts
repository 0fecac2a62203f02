/**
 * Tensors of K-quants with random blocks: nothing in the library makes them.
 *
 * @module
 */

import { empty } from "../../lib/core/creation.ts";
import { dtypes } from "../../lib/core/dtype.ts";
import type { Random } from "../../lib/core/random.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { KQuant } from "./scalar_k_quants.ts";
import { toHalfBits } from "./scalar_codec.ts";

/** Random bytes as blocks with small scales: weights are at most about 0.5. */
export function kQuantBytes(
  dtype: KQuant,
  [rows, columns]: readonly number[],
  random: Random,
): Uint8Array {
  const { blockBytes } = dtypes[dtype];
  const bytes = new Uint8Array(rows * columns / 256 * blockBytes);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = random.bits();
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const scales = dtype === "q6_k"
      ? [[208, 1e-4]]
      : [[0, dtype === "q4_k" ? 6e-4 : 3e-4], [2, 5e-3]];
    for (const [offset, largest] of scales) {
      view.setUint16(start + offset, toHalfBits(random.uniform(-largest, largest)), true);
    }
  }
  return bytes;
}

/** A tensor `[rows, columns]` in scratch. */
export function kQuant(dtype: KQuant, shape: readonly number[], random: Random): Tensor {
  return empty(shape, { dtype }).write(kQuantBytes(dtype, shape, random));
}
