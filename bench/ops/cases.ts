/**
 * What is measured: the same operations on both sides, described in plain data.
 *
 * @module
 */

/** Kinds of operations; each has a table of its own. */
export type Group =
  | "products"
  | "bf16-products"
  | "elementwise"
  | "rows"
  | "reductions"
  | "optimizers"
  | "calls";

/** All groups, in the order of their tables. */
export const groups: readonly Group[] = [
  "products",
  "bf16-products",
  "elementwise",
  "rows",
  "reductions",
  "optimizers",
  "calls",
];

/** Forward pass, gradients alone, or both in one measurement. */
export type Pass = "forward" | "backward" | "both";

/** One operation on tensors of one size. */
export interface Case {
  readonly name: string;
  readonly group: Group;
  /** What qorus.ts and pytorch.py find the operation by. */
  readonly op: string;
  readonly pass: Pass;
  /** Of the operand; of products m, k and n. */
  readonly shape: readonly number[];
  /** Arithmetic of one call, for products. */
  readonly flops?: number;
  /** Bytes that must be read and written at least: inputs once, results once. */
  readonly bytes?: number;
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
  optimizer("mlp", 535_818),
  optimizer("transformer", 10_695_552),
  call("add", "add of 16 elements"),
  call("step", "step of an MLP 32-32-10, batch 1, AdamW"),
];

/** Cases of the groups among the words, or with one of the words in their names. */
export function choose(words: readonly string[]): readonly Case[] {
  if (words.length === 0) return cases;
  return cases.filter(({ name, group }) =>
    words.some((word) => group === word || name.includes(word))
  );
}
