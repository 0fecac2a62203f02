/**
 * Pooling.
 *
 * @module
 */

import { arange } from "../../../lib/core/creation.ts";
import { mul } from "../../../lib/ops/elementwise.ts";
import { adaptiveAvgPool2d, avgPool2d, maxPool2d } from "../../../lib/ops/pooling.ts";
import type { GoldenRow } from "../../support/golden_rows.ts";
import { type OpFamily, varied } from "./row.ts";

const maxCases: GoldenRow[] = [
  { name: "max_pool", run: (t) => maxPool2d(t("x"), 2) },
  { name: "max_pool_wide", run: (t) => maxPool2d(t("x"), 2) },
  { name: "max_pool_odd", run: (t) => maxPool2d(t("x"), 2) },
  { name: "max_pool_ceil", run: (t) => maxPool2d(t("x"), 2, { ceilMode: true }) },
  { name: "max_pool_stride", run: (t) => maxPool2d(t("x"), 3, { stride: 2, padding: 1 }) },
  {
    name: "max_pool_pairs",
    run: (t) => maxPool2d(t("x"), [3, 2], { stride: [1, 3], padding: [1, 0] }),
  },
  {
    name: "max_pool_dilation",
    run: (t) => maxPool2d(t("x"), 3, { stride: 2, dilation: 2, padding: 1 }),
  },
  { name: "max_pool_one_pixel", run: (t) => maxPool2d(t("x"), 1) },
  { name: "max_pool_no_images", run: (t) => maxPool2d(t("x"), 2) },
  { name: "max_pool_view", run: (t) => maxPool2d(t("x").transpose(2, 3), 2) },
  { name: "max_pool_special", run: (t) => maxPool2d(t("x"), 2) },
];

const averageCases: GoldenRow[] = [
  { name: "avg_pool", run: (t) => avgPool2d(t("x"), 2) },
  { name: "avg_pool_padding", run: (t) => avgPool2d(t("x"), 3, { stride: 2, padding: 1 }) },
  {
    name: "avg_pool_without_padding",
    run: (t) => avgPool2d(t("x"), 3, { stride: 2, padding: 1, countIncludePad: false }),
  },
  {
    name: "avg_pool_ceil",
    run: (t) => avgPool2d(t("x"), 3, { stride: 2, padding: 1, ceilMode: true }),
  },
  {
    name: "avg_pool_pairs",
    run: (t) => avgPool2d(t("x"), [2, 33], { stride: [3, 2], ceilMode: true }),
  },
  { name: "avg_pool_one_pixel", run: (t) => avgPool2d(t("x"), 1) },
  { name: "avg_pool_special", run: (t) => avgPool2d(t("x"), 2) },
];

const adaptiveCases: GoldenRow[] = [
  { name: "adaptive", run: (t) => adaptiveAvgPool2d(t("x"), [3, 4]) },
  { name: "adaptive_whole", run: (t) => adaptiveAvgPool2d(t("x"), 1) },
  { name: "adaptive_larger", run: (t) => adaptiveAvgPool2d(t("x"), [5, 4]) },
  { name: "adaptive_special", run: (t) => adaptiveAvgPool2d(t("x"), [2, 5]) },
];

/** Numbers so far apart that a step changes no order. */
const apart = () => mul(arange(0, 60).reshape([1, 2, 5, 6]), 0.1);

/** The table's rows. */
export const pooling: OpFamily = {
  title: "Pooling",
  rows: [
    {
      op: "maxPool2d",
      golden: { pooling: maxCases },
      gradient: [{
        of: (x) => maxPool2d(x, 3, { stride: 2, padding: 1 }),
        inputs: () => [apart()],
      }],
    },
    {
      op: "avgPool2d",
      golden: { pooling: averageCases },
      gradient: [varied((x) => avgPool2d(x, 3, { stride: 2, padding: 1 }), [2, 2, 5, 6])],
    },
    {
      op: "adaptiveAvgPool2d",
      golden: { pooling: adaptiveCases },
      gradient: [varied((x) => adaptiveAvgPool2d(x, [2, 4]), [2, 2, 5, 6])],
    },
  ],
};
