/**
 * Random blocks of GGML's K-quants, and which matrix of a Q4_K_M file has which type.
 *
 * @module
 */

import type { DType } from "../../lib/core/dtype.ts";
import type { Random } from "../../lib/core/random.ts";

/** K-quants that are made here. */
export type KQuant = "q4_k" | "q5_k" | "q6_k";

/** Whole numbers from `least` to before `end`. */
function integer(random: Random, least: number, end: number): number {
  return Math.floor(random.uniform(least, end));
}

/**
 * Turns a block of random bytes into weights of about the given deviation, zero on average.
 *
 * @param halfBits bits of a positive half-precision number
 */
export function setScales(
  block: Uint8Array,
  dtype: KQuant,
  deviation: number,
  random: Random,
  halfBits: (value: number) => number,
): void {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const vary = random.uniform(0.75, 1.25);
  if (dtype === "q6_k") {
    // Numbers are -32 to 31; scales of 8 to 15 leave `d` a normal half-precision number.
    for (let i = 192; i < 208; i++) {
      view.setInt8(i, integer(random, 8, 16) * (random.uniform() < 0.5 ? -1 : 1));
    }
    view.setUint16(208, halfBits(vary * deviation / (18.5 * 11.8)), true);
    return;
  }
  // Scale and minimum of a sub-block are equal: numbers are 0 to 15 or 31, and the middle is taken
  // off.
  const most = dtype === "q4_k" ? 15 : 31;
  const d = vary * deviation / (Math.sqrt(((most + 1) ** 2 - 1) / 12) * 48.3);
  view.setUint16(0, halfBits(d), true);
  view.setUint16(2, halfBits(most / 2 * d), true);
  for (let i = 0; i < 4; i++) {
    const first = integer(random, 32, 64);
    const second = integer(random, 32, 64);
    block[4 + i] = block[8 + i] = first | (second >> 4) << 6;
    block[12 + i] = (second & 15) | (second & 15) << 4;
  }
}

/**
 * The type of a matrix in a Q4_K_M or Q5_K_M file of llama.cpp, by its Hugging Face name: Q6_K for
 * the output and, in half of the layers, for values and down projections.
 *
 * Reference: `llama_tensor_get_type` and `use_more_bits` in llama-quant.cpp.
 */
export function mixedType(
  name: string,
  other: "q4_k" | "q5_k",
  layerCount: number,
  tied: boolean,
): DType & KQuant {
  if (name === "lm_head.weight") return "q6_k";
  if (name === "model.embed_tokens.weight") return tied ? "q6_k" : other;
  const layer = Number(/layers\.(\d+)\.(?:self_attn\.v|mlp\.down)_proj\./.exec(name)?.[1] ?? NaN);
  const eighth = Math.floor(layerCount / 8);
  const more = layer < eighth || layer >= Math.floor(7 * layerCount / 8) ||
    (layer - eighth) % 3 === 2;
  return more ? "q6_k" : other;
}
