/**
 * Losses.
 *
 * @module
 */

import { tensor } from "../../../lib/core/creation.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import {
  bceWithLogits,
  crossEntropy,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  nllLoss,
  type Reduction,
} from "../../../lib/ops/losses.ts";
import type { Bounds } from "../../support/close.ts";
import type { GoldenRow } from "../../support/golden_rows.ts";
import type { GradientCheck, OpFamily, OpRow } from "./row.ts";

const reductions: Reduction[] = ["mean", "sum", "none"];

const large: Bounds = {
  absolute: Infinity,
  reason: "losses up to 3e38, whose neighbours lie further apart than the absolute bound",
};
const sums: Bounds = {
  absolute: 3e-4,
  reason: "a sum of up to a thousand, whose f32 neighbours lie further apart than the bound",
};

interface Options {
  reduction: Reduction;
  weight?: Tensor;
  posWeight?: Tensor;
}

type Loss<More> = (x: Tensor, target: Tensor, options: Options & More) => Tensor;

/** A case under every reduction; tensors named `extras` are given as options. */
function caseOf<More extends object>(
  name: string,
  loss: Loss<More>,
  { bounds, extras = {}, more }: {
    bounds?: Bounds;
    extras?: { weight?: string; posWeight?: string };
    more?: More;
  } = {},
): GoldenRow[] {
  return reductions.map((reduction) => ({
    name: `${name}_${reduction}`,
    bounds,
    gradientBounds: bounds === sums ? {} : bounds,
    run: (t) => {
      const tensors = Object.entries(extras).map(([option, input]) => [option, t(input)]);
      const options = { reduction, ...Object.fromEntries(tensors), ...more };
      return loss(t("x"), t("target"), options);
    },
  }));
}

const sizes = ["odd", "one", "vector", "many", "pixels", "empty"];
const weighted = { extras: { weight: "weight" } };
const plain = ["all_ignored", "probabilities", "probabilities_pixels", "special"];

const crossEntropyCases: GoldenRow[] = [
  ...[...sizes, ...plain].flatMap((name) => caseOf(`cross_entropy_${name}`, crossEntropy)),
  ...caseOf("cross_entropy_extreme", crossEntropy, { bounds: large }),
  ...caseOf("cross_entropy_smooth", crossEntropy, { more: { labelSmoothing: 0.1 } }),
  ...["weighted", "probabilities_weighted"].flatMap((name) =>
    caseOf(`cross_entropy_${name}`, crossEntropy, { ...weighted, more: { labelSmoothing: 0.2 } })
  ),
  ...caseOf("cross_entropy_ignore", crossEntropy, { ...weighted, more: { ignoreIndex: 3 } }),
];

const nllCases: GoldenRow[] = [
  ...[...sizes, "special"].flatMap((size) => caseOf(`nll_${size}`, nllLoss)),
  ...caseOf("nll_ignore", nllLoss, { ...weighted, more: { ignoreIndex: 3 } }),
];

/** Cases of a loss of two tensors of one shape. */
function pointwise(name: string, loss: Loss<object>): GoldenRow[] {
  const all = ["odd", "rank0", "one", "empty", "special"];
  return all.flatMap((size) => caseOf(`${name}_${size}`, loss, { bounds: sums }));
}

const bceCases: GoldenRow[] = [
  ...caseOf("bce", bceWithLogits, { bounds: sums }),
  ...caseOf("bce_special", bceWithLogits),
  ...caseOf("bce_weighted", bceWithLogits, {
    bounds: sums,
    extras: { weight: "weight", posWeight: "positive" },
  }),
];

const klCases: GoldenRow[] = [
  ...["kl_div", "kl_div_special"].flatMap((name) => caseOf(name, klDiv)),
  ...caseOf("kl_div_log", klDiv, { more: { logTarget: true } }),
  {
    name: "kl_div_batchmean",
    run: (t) => klDiv(t("x"), t("target"), { reduction: "batchmean" }),
  },
];

const logits = () => tensor([[0.3, -1.2, 0.8], [2, 0.1, -0.4]]);
const others = () => tensor([[0.9, 0.2, -0.5], [0.6, 0.75, 0.3]]);
const shares = () => tensor([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]);
const classes = () => tensor(Int32Array.of(2, 0));
const weight = () => tensor([1, 0.5, 2]);

function check(of: GradientCheck["of"], ...inputs: (() => Tensor)[]): GradientCheck {
  return { of, inputs: () => inputs.map((make) => make()) };
}

function row(op: string, cases: GoldenRow[], ...gradient: GradientCheck[]): OpRow {
  return { op, golden: { losses: cases }, gradient };
}

const smooth = () => ({ labelSmoothing: 0.1, weight: weight() });
const sum = { reduction: "sum" } as const;

/** The table's rows. */
export const losses: OpFamily = {
  title: "Losses",
  rows: [
    row(
      "crossEntropy",
      crossEntropyCases,
      check((x) => crossEntropy(x, classes(), smooth()), logits),
      check((x) => crossEntropy(x, shares(), smooth()), logits),
    ),
    row("nllLoss", nllCases, check((x) => nllLoss(x, classes()), logits)),
    row(
      "mseLoss",
      pointwise("mse", mseLoss),
      check((x, target) => mseLoss(x, target, sum), logits, others),
    ),
    row(
      "l1Loss",
      pointwise("l1", l1Loss),
      check((x, target) => l1Loss(x, target, sum), logits, others),
    ),
    row(
      "huberLoss",
      [
        ...pointwise("huber", huberLoss),
        ...caseOf("huber_delta", huberLoss, { bounds: sums, more: { delta: 2.5 } }),
      ],
      check((x, target) => huberLoss(x, target, { ...sum, delta: 0.5 }), logits, others),
    ),
    row(
      "bceWithLogits",
      bceCases,
      check((x) => bceWithLogits(x, shares(), { posWeight: weight() }), logits),
    ),
    row("klDiv", klCases, check((x) => klDiv(x, shares(), { reduction: "batchmean" }), logits)),
  ],
};
