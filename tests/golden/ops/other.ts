/**
 * Operations that golden cases of tensors cannot prove.
 *
 * @module
 */

import { dropout } from "../../../lib/ops/dropout.ts";
import { manualSeed } from "../../../lib/core/random.ts";
import { type OpFamily, varied } from "./row.ts";

/** The table's rows. */
export const other: OpFamily = {
  title: "Dropout, dtypes",
  rows: [
    {
      op: "dropout",
      golden: { instead: "statistics: tests/native/dropout.test.ts" },
      gradient: [varied((x) => {
        manualSeed(3);
        return dropout(x, { p: 0.4 });
      }, [4, 5])],
    },
    {
      op: "to",
      golden: { instead: "bit for bit: tests/golden/quantization.test.ts" },
      gradient: { none: "what is not f32 are weights for inference" },
      dtypes: ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_k", "q5_k", "q6_k"],
    },
  ],
};
