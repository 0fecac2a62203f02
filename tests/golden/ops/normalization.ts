/**
 * Softmax and norms.
 *
 * @module
 */

import { batchNorm, groupNorm } from "../../../lib/ops/channel_norm.ts";
import * as ops from "../../../lib/ops/normalization.ts";
import type { Bounds } from "../../support/close.ts";
import { GoldenFile } from "../../support/golden.ts";
import type { GoldenRow } from "../../support/golden_rows.ts";
import { type OpFamily, type OpRow, varied } from "./row.ts";

const golden = new GoldenFile("normalization");
const epsilon = 1e-5;

const cancelled: Bounds = {
  relative: Infinity,
  reason:
    "whatever is normalized alone or in pairs has gradients of 0 but for epsilon: all digits " +
    "cancel",
};
const longSums: Bounds = {
  absolute: 5e-5,
  reason: "sums of hundreds of terms reach 60, where neighbouring f32 lie 4e-6 apart",
};
const offsetBounds: Bounds = {
  absolute: 4e-5,
  reason: "a mean of 100 leaves deviations near 1 with an f32 rounding error of up to 4e-6 each",
};
const zeroRows: Bounds = {
  absolute: 1e-4,
  reason: "zeros are divided by the root of epsilon: gradients reach 500, lying 3e-5 apart",
};
const gradientBounds: Record<string, Bounds> = {
  layer_norm_special: zeroRows,
  batch_norm_special: zeroRows,
  group_norm_special: zeroRows,
  rms_norm_one: cancelled,
  layer_norm_one: cancelled,
  batch_norm_pixels_train: cancelled,
  rms_norm_many: longSums,
  layer_norm_many: longSums,
  batch_norm_long_train: longSums,
  batch_norm_long_eval: longSums,
};

/** Cases with gradients. */
function learned(run: GoldenRow["run"], ...names: string[]): GoldenRow[] {
  return names.map((name) => ({ name, run, gradientBounds: gradientBounds[name] }));
}

/** Cases of inference. */
function plain(run: GoldenRow["run"], ...names: string[]): GoldenRow[] {
  return names.map((name) => ({ name, run }));
}

/** Golden cases of this kind, whose names the generator of golden values makes up from sizes. */
function casesLike(pattern: RegExp): string[] {
  return [...golden.cases].filter((name) => pattern.test(name));
}

const softmaxSizes = ["odd", "vector", "one", "wide", "empty"];

const softmaxRows: OpRow[] = [
  {
    op: "softmax",
    golden: {
      rows: [
        ...["odd", "vector", "one", "long", "empty", "masked", "large"].flatMap((name) =>
          plain((t) => ops.softmax(t("x")), `softmax_${name}`)
        ),
        ...plain((t) => ops.softmax(t("x"), { scale: 0.3 }), "softmax_scaled"),
      ],
      normalization: [
        ...[...softmaxSizes, "special"].flatMap((name) =>
          learned((t) => ops.softmax(t("x")), `softmax_${name}`)
        ),
        ...learned((t) => ops.softmax(t("x"), { scale: 0.3 }), "softmax_scaled"),
        ...learned((t) => ops.softmax(t("x"), { dim: 0 }), "softmax_first"),
        ...learned((t) => ops.softmax(t("x"), { dim: -2 }), "softmax_middle"),
      ],
    },
    gradient: [varied((x) => ops.softmax(x, { dim: 0, scale: 1.5 }), [3, 5])],
  },
  {
    op: "logSoftmax",
    golden: {
      normalization: [
        ...[...softmaxSizes, "special", "large"].flatMap((name) =>
          learned((t) => ops.logSoftmax(t("x")), `log_softmax_${name}`)
        ),
        ...learned((t) => ops.logSoftmax(t("x"), { dim: 1 }), "log_softmax_middle"),
      ],
    },
    gradient: [varied((x) => ops.logSoftmax(x), [2, 3, 5])],
  },
];

const maskPositions = { square: 0, cached: 4, narrow: 1, wide: 2 };

const causalMask: OpRow = {
  op: "causalMask",
  golden: {
    rows: Object.entries(maskPositions).flatMap(([name, position]) =>
      plain((t) => ops.causalMask(t("x"), position), `causal_mask_${name}`)
    ),
  },
  gradient: { none: "it works in place, for inference: while training, add a mask" },
};

const sizes = ["odd", "vector", "one", "many", "empty", "special"];
const inferenceSizes = ["one", "odd", "vector", "long", "empty", "flat"];

const rms: OpRow = {
  op: "rmsNorm",
  golden: {
    rows: inferenceSizes.map((size) => ({
      name: `norm_${size}`,
      expected: "expected_rms",
      run: (t) => ops.rmsNorm(t("x"), t("weight"), epsilon),
    })),
    normalization: sizes.flatMap((size) =>
      learned((t) => ops.rmsNorm(t("x"), t("weight"), epsilon), `rms_norm_${size}`)
    ),
  },
  gradient: [varied((x, weight) => ops.rmsNorm(x, weight, epsilon), [3, 9], [9])],
};

const layer: GoldenRow["run"] = (t) => ops.layerNorm(t("x"), t("weight"), t("bias"), epsilon);
const withoutBias: GoldenRow["run"] = (t) => ops.layerNorm(t("x"), t("weight"), undefined, epsilon);

const layerNorm: OpRow = {
  op: "layerNorm",
  golden: {
    rows: [
      ...inferenceSizes.map((size): GoldenRow => ({
        name: `norm_${size}`,
        expected: "expected_layer",
        run: layer,
      })),
      ...inferenceSizes.filter((size) => size !== "flat").map((size): GoldenRow => ({
        name: `norm_${size}`,
        expected: "expected_layer_without_bias",
        run: withoutBias,
      })),
      { name: "norm_offset", expected: "expected_layer", run: layer, bounds: offsetBounds },
    ],
    normalization: [
      ...sizes.flatMap((size) => learned(layer, `layer_norm_${size}`)),
      ...learned(withoutBias, "layer_norm_without_bias"),
    ],
  },
  gradient: [
    varied((x, weight, bias) => ops.layerNorm(x, weight, bias, epsilon), [3, 9], [9], [9]),
  ],
};

const addRmsNorm: OpRow = {
  op: "addRmsNorm",
  golden: {
    rows: [
      {
        name: "add_norm",
        run: (t) => ops.addRmsNorm(t("residual"), t("x"), t("weight"), epsilon),
      },
      {
        name: "add_norm",
        expected: "expected_residual",
        run: (t) => {
          const residual = t("residual");
          const x = t("x");
          ops.addRmsNorm(residual, x, t("weight"), epsilon, { out: x });
          return residual;
        },
      },
    ],
  },
  gradient: { none: "it works in place, for inference: while training, use add and rmsNorm" },
};

const channelNorms: OpRow[] = [
  {
    op: "batchNorm",
    golden: {
      normalization: [
        ...casesLike(/^batch_norm_.*_(train|eval)$/).flatMap((name) =>
          learned((t) =>
            batchNorm(t("x"), {
              weight: t("weight"),
              bias: t("bias"),
              runningMean: t("running_mean"),
              runningVariance: t("running_variance"),
              training: name.endsWith("_train"),
              momentum: 0.3,
            }), name)
        ),
        ...learned(
          (t) => batchNorm(t("x"), { training: true }),
          "batch_norm_plain",
          "batch_norm_special",
        ),
      ],
    },
    gradient: [
      varied(
        (x, weight, bias) => batchNorm(x, { weight, bias, training: true }),
        [3, 2, 4],
        [2],
        [2],
      ),
      varied((x) => batchNorm(x, { training: true, relu: true }), [3, 2, 4]),
      varied(
        (x, weight, bias, residual) =>
          batchNorm(x, { weight, bias, training: true, residual, relu: true }),
        [3, 2, 4],
        [2],
        [2],
        [3, 2, 4],
      ),
    ],
  },
  {
    op: "groupNorm",
    golden: {
      normalization: [
        ...casesLike(/^group_norm_.*_\d+$/).flatMap((name) =>
          learned((t) =>
            groupNorm(t("x"), Number(name.slice(name.lastIndexOf("_") + 1)), {
              weight: t("weight"),
              bias: t("bias"),
            }), name)
        ),
        ...learned((t) => groupNorm(t("x"), 2), "group_norm_plain"),
        ...learned(
          (t) => groupNorm(t("x"), 2, { weight: t("weight"), bias: t("bias") }),
          "group_norm_special",
        ),
      ],
    },
    gradient: [
      varied((x, weight, bias) => groupNorm(x, 2, { weight, bias }), [2, 4, 3], [4], [4]),
    ],
  },
];

/** The table's rows. */
export const normalization: OpFamily = {
  title: "Softmax and norms",
  rows: [...softmaxRows, rms, layerNorm, ...channelNorms, addRmsNorm, causalMask],
};
