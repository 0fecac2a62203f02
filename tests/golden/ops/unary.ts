/**
 * Functions of one tensor, element by element, and activation functions.
 *
 * @module
 */

import { tensor } from "../../../lib/core/creation.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import * as activations from "../../../lib/ops/activation.ts";
import { pow } from "../../../lib/ops/elementwise.ts";
import type { OutOption } from "../../../lib/ops/out.ts";
import * as functions from "../../../lib/ops/unary.ts";
import type { Bounds } from "../../support/close.ts";
import type { GoldenRow } from "../../support/golden_rows.ts";
import type { GradientCheck, OpFamily, OpRow } from "./row.ts";

type Apply = (x: Tensor, options?: OutOption) => Tensor;

/** Calls of each operation under the names of their golden cases. */
export const unary: Readonly<Record<string, Readonly<Record<string, Apply>>>> = {
  relu: { relu: activations.relu },
  silu: { silu: activations.silu },
  gelu: {
    gelu: activations.gelu,
    gelu_tanh: (x, options) => activations.gelu(x, { ...options, approximate: "tanh" }),
  },
  sigmoid: { sigmoid: activations.sigmoid },
  tanh: { tanh: activations.tanh },
  leakyRelu: {
    leaky_relu: activations.leakyRelu,
    leaky_relu_steep: (x, options) => activations.leakyRelu(x, { ...options, negativeSlope: 0.3 }),
  },
  elu: {
    elu: activations.elu,
    elu_half: (x, options) => activations.elu(x, { ...options, alpha: 0.5 }),
  },
  softplus: {
    softplus: activations.softplus,
    softplus_sharp: (x, options) => activations.softplus(x, { ...options, beta: 3, threshold: 5 }),
  },
  neg: { neg: functions.neg },
  exp: { exp: functions.exp },
  log: { log: functions.log },
  sqrt: { sqrt: functions.sqrt },
  abs: { abs: functions.abs },
  clamp: {
    clamp: (x, options) => functions.clamp(x, { ...options, min: -1, max: 0.75 }),
    clamp_below: (x, options) => functions.clamp(x, { ...options, min: 0.5 }),
  },
  pow: {
    square: (x, options) => pow(x, 2, options),
    cube: (x, options) => pow(x, 3, options),
    reciprocal: (x, options) => pow(x, -1, options),
    power_zero: (x, options) => pow(x, 0, options),
    power_half: (x, options) => pow(x, 0.5, options),
    power_uneven: (x, options) => pow(x, 1.7, options),
    two_to: (x, options) => pow(2, x, options),
  },
};

const largeValues: Bounds = {
  absolute: Infinity,
  relativeTo: "element",
  reason: "results up to 3e38, whose neighbours lie further apart than the absolute bound",
};
const cancelling: Bounds = {
  reason: "the tail of the normal distribution is a difference of numbers near 1: " +
    "1 + erf(x) and 1 + tanh(x) cancel far left of zero, in PyTorch's f32 as well",
};

/** Functions whose results have many digits before the point. */
const growing = ["exp", "two_to", "square", "cube", "reciprocal", "power_uneven", "log", "sqrt"];
const corners = ["relu", "abs", "leaky_relu", "elu", "clamp"];

function casesOf(name: string, apply: Apply): GoldenRow[] {
  const bounds: Bounds = name.startsWith("gelu")
    ? cancelling
    : growing.includes(name)
    ? largeValues
    : { relativeTo: "element" };
  const gradientBounds = growing.includes(name) ? largeValues : {};
  const rows: GoldenRow[] = [
    { name, run: (t) => apply(t("x")), bounds },
    { name: `${name}_view`, run: (t) => apply(t("x").transpose(0, 1).slice(0, 1, 5)), bounds },
    { name: `${name}_empty`, run: (t) => apply(t("x")), bounds },
    { name: `${name}_wide`, run: (t) => apply(t("x")), bounds },
    { name: `${name}_special`, run: (t) => apply(t("x")), bounds: largeValues },
  ];
  if (corners.includes(name)) {
    rows.push({ name: `${name}_corners`, run: (t) => apply(t("x")), bounds });
  }
  return rows.map((row) => ({ ...row, gradientBounds }));
}

/** Away from corners, and positive for roots and logarithms. */
const matrix = () => tensor([[0.3, 0.9, 1.4], [2.1, 0.55, 1.25]]);

function checkOf(apply: Apply): GradientCheck {
  return { of: (x) => apply(x), inputs: () => [matrix()] };
}

function rowOf(op: string): OpRow {
  const calls = Object.entries(unary[op]);
  return {
    op,
    golden: { elementwise: calls.flatMap(([name, apply]) => casesOf(name, apply)) },
    gradient: calls.map(([, apply]) => checkOf(apply)),
  };
}

/** Powers with one number: cases and checks for the row of `pow`. */
export const powersOf: readonly { cases: GoldenRow[]; check: GradientCheck }[] = Object.entries(
  unary.pow,
).map(([name, apply]) => ({ cases: casesOf(name, apply), check: checkOf(apply) }));

/** The table's rows. */
export const mathematics: OpFamily = {
  title: "One operand, element by element",
  rows: ["neg", "exp", "log", "sqrt", "abs", "clamp"].map(rowOf),
};

/** The table's rows. */
export const activationFunctions: OpFamily = {
  title: "Activation functions",
  rows: [
    ...["relu", "leakyRelu", "elu", "softplus", "silu", "gelu", "sigmoid", "tanh"].map(rowOf),
    {
      op: "siluMul",
      golden: {
        elementwise: ["silu_mul", "silu_mul_special"].map((name): GoldenRow => ({
          name,
          run: (t) => activations.siluMul(t("gate"), t("up")),
          bounds: { relativeTo: "element" },
          gradientBounds: {},
        })),
      },
      gradient: [{
        of: (gate, up) => activations.siluMul(gate, up),
        inputs: () => [matrix(), functions.neg(matrix())],
      }],
    },
  ],
};
