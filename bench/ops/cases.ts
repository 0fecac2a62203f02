/**
 * What is measured: the same operations on both sides, described in plain data.
 *
 * @module
 */

import { UsageError } from "../../lib/cli/arguments.ts";
import { type Convolution, convolutions } from "./convolution_cases.ts";

/** Kinds of operations, each with a table of its own, in the order of the tables. */
export const groups = [
  "products",
  "bf16-products",
  "elementwise",
  "rows",
  "reductions",
  "convolutions",
  "recurrent",
  "attention",
  "optimizers",
  "calls",
] as const;

/** One of them. */
export type Group = typeof groups[number];

/**
 * Forward pass, gradients alone, or both in one measurement; of convolutions, the gradient of the
 * input or of the weight.
 */
export type Pass = "forward" | "backward" | "both" | "input" | "weight";

/** One operation on tensors of one size. */
export interface Case {
  readonly name: string;
  readonly group: Group;
  /** What qorus.ts and pytorch.py find the operation by. */
  readonly op: string;
  readonly pass: Pass;
  /**
   * Of the operand; of products m, k and n, of recurrent layers `[steps, batch, inputs]`, of
   * attention `[batch, heads, positions, size]`.
   */
  readonly shape: readonly number[];
  /** Arithmetic of one call; of convolutions as plain multiply-adds. */
  readonly flops?: number;
  /** Bytes that must be read and written at least: inputs once, results once. */
  readonly bytes?: number;
  readonly convolution?: Convolution;
  /** Units of a recurrent layer. */
  readonly hidden?: number;
  /** Whether attention sees only what came before. */
  readonly causal?: boolean;
}

/** `a [m, k] x b [k, n]`; which of the two lies transposed in memory is the operation's name. */
function product(op: "nn" | "nt" | "tn", m: number, k: number, n: number): Case {
  return {
    name: `${m}x${k}x${n} ${op.toUpperCase()}`,
    group: "products",
    op,
    pass: "forward",
    shape: [m, k, n],
    flops: 2 * m * k * n,
  };
}

/** The forward product of a layer, and those of its gradients. */
function layer(rows: number, inputs: number, outputs: number): Case[] {
  return [
    product("nt", rows, inputs, outputs),
    product("nn", rows, outputs, inputs),
    product("tn", outputs, rows, inputs),
  ];
}

function products(): Case[] {
  const square = [128, 192, 256, 512, 1024, 2048].flatMap((n) => [
    product("nn", n, n, n),
    product("nt", n, n, n),
    product("tn", n, n, n),
  ]);
  // Rows, inputs and outputs of the layers of bench/training.
  const layers = [
    [4096, 384, 384],
    [4096, 384, 1024],
    [4096, 1024, 384],
    [4096, 384, 96],
    [32, 256, 1024],
    [4096, 256, 1024],
    [128, 784, 512],
    [128, 512, 256],
    [128, 3136, 128],
  ];
  return [...square, ...layers.flatMap(([rows, inputs, outputs]) => layer(rows, inputs, outputs))];
}

/** In the second cache, and larger than all caches. */
const sizes = [[64, 512], [4096, 4096]];

/** Operations by name: passes of the operand's size that each pass reads and writes. */
type Streams = Partial<Record<Pass, number>>;

const elementwise: Record<string, Streams> = {
  add: { forward: 3 },
  mulRow: { forward: 2, backward: 3 },
  relu: { forward: 2, backward: 3 },
  gelu: { forward: 2, backward: 3 },
  silu: { forward: 2, backward: 3 },
  exp: { forward: 2, backward: 3 },
  tanh: { forward: 2, backward: 3 },
  sigmoid: { forward: 2, backward: 3 },
};
const rows: Record<string, Streams> = {
  softmax: { forward: 2, backward: 3 },
  logSoftmax: { forward: 2, backward: 3 },
  layerNorm: { forward: 2, backward: 3 },
  rmsNorm: { forward: 2, backward: 3 },
  crossEntropy: { forward: 1, both: 2 },
};
const reductions: Record<string, Streams> = {
  sumRows: { forward: 1 },
  sumColumns: { forward: 1 },
  mean: { forward: 1 },
};

function ofSizes(group: Group, operations: Record<string, Streams>): Case[] {
  return Object.entries(operations).flatMap(([op, passes]) =>
    Object.entries(passes).flatMap(([pass, streams]) =>
      sizes.map((shape): Case => ({
        name: `${op} ${pass} [${shape.join(", ")}]`,
        group,
        op,
        pass: pass as Pass,
        shape,
        bytes: 4 * streams * shape[0] * shape[1],
      }))
    )
  );
}

/** A recurrent layer, forward and in both directions. */
function recurrent(op: "lstm" | "gru", shape: readonly number[], hidden: number): Case[] {
  const [steps, batch, inputs] = shape;
  const gates = op === "lstm" ? 4 : 3;
  const flops = 2 * steps * batch * (inputs + hidden) * gates * hidden;
  return (["forward", "both"] as const).map((pass) => ({
    name: `${op.toUpperCase()} ${inputs} to ${hidden}, ${batch} x ${steps} steps: ${pass}`,
    group: "recurrent",
    op,
    pass,
    shape,
    flops: pass === "both" ? 3 * flops : flops,
    hidden,
  }));
}

/** Attention, forward and in both directions, whose backward pass computes the scores again. */
function attention(shape: readonly number[], causal: boolean): Case[] {
  const [batch, heads, positions, size] = shape;
  const flops = 4 * batch * heads * positions ** 2 * size / (causal ? 2 : 1);
  const kind = causal ? "causal" : "full";
  return (["forward", "both"] as const).map((pass) => ({
    name: `${batch} x ${positions}, ${heads} heads of ${size}, ${kind}: ${pass}`,
    group: "attention",
    op: "attention",
    pass,
    shape,
    flops: pass === "both" ? 3.5 * flops : flops,
    causal,
  }));
}

/** AdamW reads parameter, gradient and two states, and writes all but the gradient. */
function optimizer(network: string, parameters: number): Case {
  return {
    name: `AdamW, ${network}`,
    group: "optimizers",
    op: network,
    pass: "forward",
    shape: [parameters],
    bytes: 4 * 7 * parameters,
  };
}

function call(op: string, name: string): Case {
  return { name, group: "calls", op, pass: "forward", shape: [16] };
}

/** The same products of operands rounded to bf16. */
function bf16Products(): Case[] {
  return products().map((item) => ({
    ...item,
    name: `${item.name} bf16`,
    group: "bf16-products",
  }));
}

/** All cases. */
export const cases: readonly Case[] = [
  ...products(),
  ...bf16Products(),
  ...ofSizes("elementwise", elementwise),
  ...ofSizes("rows", rows),
  ...ofSizes("reductions", reductions),
  ...convolutions,
  ...recurrent("lstm", [128, 32, 256], 256),
  ...recurrent("lstm", [50, 8, 128], 128),
  ...recurrent("gru", [128, 32, 256], 256),
  ...recurrent("gru", [50, 8, 128], 128),
  ...attention([16, 6, 256, 64], true),
  ...attention([4, 8, 1024, 64], true),
  ...attention([4, 8, 1024, 64], false),
  optimizer("mlp", 535_818),
  optimizer("transformer", 10_695_552),
  call("add", "add of 16 elements"),
  call("step", "step of an MLP 32-32-10, batch 1, AdamW"),
];

/**
 * Cases of the groups among the words, or with one of the words in their names; all where none is
 * given.
 *
 * @throws {UsageError} for a word that fits nothing
 */
export function choose(words: readonly string[]): readonly Case[] {
  if (words.length === 0) return cases;
  const fits = ({ name, group }: Case, word: string) => group === word || name.includes(word);
  const idle = words.find((word) => word === "" || !cases.some((item) => fits(item, word)));
  if (idle !== undefined) {
    const expected = `expected groups (${groups.join(", ")}) or parts of names such as gelu`;
    throw new UsageError(`--only: ${JSON.stringify(idle)} is given, ${expected}`);
  }
  return cases.filter((item) => words.some((word) => fits(item, word)));
}
