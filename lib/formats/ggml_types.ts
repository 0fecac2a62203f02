/**
 * The element types of GGML by their code in GGUF files.
 *
 * Reference: `enum ggml_type` in ggml.h and `GGML_QUANT_SIZES` in gguf-py.
 *
 * @module
 */

import type { DType } from "../core/dtype.ts";

/** One of GGML's element types. */
export interface GgmlType {
  readonly code: number;
  readonly name: string;
  /** Elements per block; 1 for plain types. */
  readonly blockElements: number;
  /** Bytes per block. */
  readonly blockBytes: number;
  /** Qorus's name, absent where it cannot compute with the type. */
  readonly dtype?: DType;
}

const rows: readonly [number, string, number, number, DType?][] = [
  [0, "F32", 1, 4, "f32"],
  [1, "F16", 1, 2, "f16"],
  [2, "Q4_0", 32, 18, "q4_0"],
  [3, "Q4_1", 32, 20],
  [6, "Q5_0", 32, 22],
  [7, "Q5_1", 32, 24],
  [8, "Q8_0", 32, 34, "q8_0"],
  [9, "Q8_1", 32, 36],
  [10, "Q2_K", 256, 84],
  [11, "Q3_K", 256, 110],
  [12, "Q4_K", 256, 144, "q4_k"],
  [13, "Q5_K", 256, 176, "q5_k"],
  [14, "Q6_K", 256, 210, "q6_k"],
  [15, "Q8_K", 256, 292],
  [16, "IQ2_XXS", 256, 66],
  [17, "IQ2_XS", 256, 74],
  [18, "IQ3_XXS", 256, 98],
  [19, "IQ1_S", 256, 50],
  [20, "IQ4_NL", 32, 18],
  [21, "IQ3_S", 256, 110],
  [22, "IQ2_S", 256, 82],
  [23, "IQ4_XS", 256, 136],
  [24, "I8", 1, 1],
  [25, "I16", 1, 2],
  [26, "I32", 1, 4, "i32"],
  [27, "I64", 1, 8],
  [28, "F64", 1, 8],
  [29, "IQ1_M", 256, 56],
  [30, "BF16", 1, 2, "bf16"],
  [34, "TQ1_0", 256, 54],
  [35, "TQ2_0", 256, 66],
  [39, "MXFP4", 32, 17],
  [40, "NVFP4", 64, 36],
  [41, "Q1_0", 128, 18],
];

/** Every type by its code. */
export const ggmlTypes: ReadonlyMap<number, GgmlType> = new Map(
  rows.map(([code, name, blockElements, blockBytes, dtype]) => [
    code,
    { code, name, blockElements, blockBytes, dtype },
  ]),
);

/** GGML's code for a dtype, undefined where GGUF has none (`u8`). */
export function ggmlCode(dtype: DType): number | undefined {
  return rows.find((row) => row[4] === dtype)?.[0];
}
