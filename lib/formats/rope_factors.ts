/**
 * Llama 3's stretching of rotary frequencies as one divisor for each frequency.
 *
 * @module
 */

import type { ModelConfig } from "./types.ts";

/**
 * `headSize / 2` divisors of the rotary frequencies `ropeBase ** (-2 i / headSize)`.
 *
 * Undefined where frequencies stay as they are, and for linear scaling, which divides positions.
 * Reference: `_compute_llama3_parameters` in transformers' modeling_rope_utils.py, and
 * `generate_extra_tensors` in llama.cpp's convert_hf_to_gguf.py.
 *
 * @example
 * ```ts
 * const divisors = ropeFactors(config); // [1, 1, ..., 2.7, ..., 8, 8] for Llama 3.1
 * ```
 */
export function ropeFactors(config: ModelConfig): readonly number[] | undefined {
  const { ropeScaling, headSize, ropeBase } = config;
  if (ropeScaling?.type === "factors") return ropeScaling.factors;
  if (ropeScaling?.type !== "llama3") return undefined;
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContextLength } = ropeScaling;
  return Array.from({ length: headSize / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * ropeBase ** (2 * i / headSize);
    const turns = originalContextLength / wavelength;
    if (turns > highFrequencyFactor) return 1;
    if (turns < lowFrequencyFactor) return factor;
    const smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
