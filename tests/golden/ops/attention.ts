/**
 * Attention and rotary position embedding.
 *
 * @module
 */

import { manualSeed } from "../../../lib/core/random.ts";
import { rope, type RopeStyle, ropeTable } from "../../../lib/ops/attention.ts";
import { scaledDotProductAttention } from "../../../lib/ops/scaled_attention.ts";
import type { Bounds } from "../../support/close.ts";
import { GoldenFile } from "../../support/golden.ts";
import type { GoldenRow } from "../../support/golden_rows.ts";
import { numbers, type OpFamily, type OpRow, varied } from "./row.ts";

const golden = new GoldenFile("scaled_attention");

const cancelled: Bounds = {
  relative: Infinity,
  reason: "a number added to all scores of a query changes nothing: its gradient is 0",
};

const attentionCases = [...golden.cases].map((name): GoldenRow => ({
  name,
  gradientBounds: name === "mask_queries" ? cancelled : undefined,
  run: (t) =>
    scaledDotProductAttention(t("query"), t("key"), t("value"), {
      causal: name.endsWith("causal"),
      mask: golden.names(`${name}/`).includes("mask") ? t("mask") : undefined,
      scale: name === "scaled" ? 0.9 : undefined,
    }),
}));

const scaledAttention: OpRow = {
  op: "scaledDotProductAttention",
  golden: { scaled_attention: attentionCases },
  gradient: [{ causal: false, dropout: 0 }, { causal: true, dropout: 0.3 }].map((options) =>
    varied(
      (query, key, value, mask) => {
        manualSeed(5);
        return scaledDotProductAttention(query, key, value, { ...options, mask });
      },
      [2, 4, 5, 3],
      [2, 2, 6, 3],
      [2, 2, 6, 3],
      [4, 5, 6],
    )
  ),
};

/** The first positions of the cases. */
const starts = { first: 0, later: 4090, smallest: 1, wide: 100 };
const styles: RopeStyle[] = ["half", "neighbouring"];

const ropeRow: OpRow = {
  op: "rope",
  golden: {
    rows: Object.entries(starts).flatMap(([size, start]) =>
      styles.map((style): GoldenRow => ({
        name: `rope_${size}`,
        expected: `expected_${style}`,
        run: (t) => {
          const x = t("x");
          return rope(x, ropeTable(t("frequencies"), start, x.shape[0]), style);
        },
      }))
    ),
    normalization: ["batch", "plain", "one"].flatMap((name) =>
      styles.map((style): GoldenRow => ({
        name: `rope_${name}_${style}`,
        run: (t) => {
          const x = t("x");
          return rope(x, ropeTable(t("frequencies"), 0, x.shape[x.rank - 3]), style);
        },
      }))
    ),
  },
  gradient: styles.map((style) =>
    varied((x) => rope(x, ropeTable(numbers([3], 8), 2, 3), style), [2, 3, 2, 6])
  ),
};

const ropeTableRow: OpRow = {
  op: "ropeTable",
  golden: {
    rows: Object.entries(starts).map(([size, start]) => ({
      name: `rope_${size}`,
      expected: "expected_table",
      run: (t) => ropeTable(t("frequencies"), start, t("x").shape[0]),
    })),
  },
  gradient: { none: "frequencies are constants" },
};

/** The table's rows. */
export const attention: OpFamily = {
  title: "Attention and positions",
  rows: [scaledAttention, ropeRow, ropeTableRow],
};
