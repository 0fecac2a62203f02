/**
 * Convolutions next to PyTorch's, in turns: `bun bench/ops/convolution.ts [--python PATH]
 * [--threads N] [TEXT]` measures the cases whose name contains TEXT. Best times of forward and
 * backward passes in milliseconds, and PyTorch's time over ours.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { backward } from "../../lib/autograd/backward.ts";
import { configure } from "../../lib/core/context.ts";
import { ones, randn } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { conv2d, type Conv2dOptions } from "../../lib/ops/convolution.ts";

interface Case {
  name: string;
  x: number[];
  weight: number[];
  /** Whether the gradient of x is wanted too, as for all but a network's first layer. */
  learnsInput: boolean;
  options: Conv2dOptions;
}

const same = { padding: 1 };
const all: Case[] = [
  {
    name: "1 to 32, 28x28",
    x: [128, 1, 28, 28],
    weight: [32, 1, 3, 3],
    learnsInput: false,
    options: same,
  },
  {
    name: "32 to 64, 28x28",
    x: [128, 32, 28, 28],
    weight: [64, 32, 3, 3],
    learnsInput: true,
    options: same,
  },
  {
    name: "32 to 64, 14x14",
    x: [128, 32, 14, 14],
    weight: [64, 32, 3, 3],
    learnsInput: true,
    options: same,
  },
  {
    name: "32 to 64, 26x26 without padding",
    x: [128, 32, 26, 26],
    weight: [64, 32, 3, 3],
    learnsInput: true,
    options: {},
  },
  {
    name: "64 to 128, stride 2",
    x: [32, 64, 28, 28],
    weight: [128, 64, 3, 3],
    learnsInput: true,
    options: { padding: 1, stride: 2 },
  },
  {
    name: "64 to 64, 56x56, one image",
    x: [1, 64, 56, 56],
    weight: [64, 64, 3, 3],
    learnsInput: true,
    options: same,
  },
  {
    name: "256 to 64, points",
    x: [8, 256, 28, 28],
    weight: [64, 256, 1, 1],
    learnsInput: true,
    options: {},
  },
  {
    name: "depthwise 64",
    x: [32, 64, 28, 28],
    weight: [64, 1, 3, 3],
    learnsInput: true,
    options: { padding: 1, groups: 64 },
  },
];

interface Times {
  forward: number;
  backward: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "/tmp/venv-golden/bin/python" },
    threads: { type: "string", default: "1" },
    seconds: { type: "string", default: "1" },
  },
});
const threads = Number(values.threads);
const seconds = Number(values.seconds);
const rounds = 3;
const cases = all.filter(({ name }) => name.includes(positionals[0] ?? ""));

function measure(item: Case): Times {
  const best = { forward: Infinity, backward: Infinity };
  using _ = scope();
  const x = randn(item.x);
  const [weight, bias] = [randn(item.weight), randn([item.weight[0]])];
  for (const learned of [weight, bias, ...(item.learnsInput ? [x] : [])]) {
    learned.requiresGrad = true;
  }
  let gradient: Tensor | undefined;
  const end = performance.now() + 1000 * seconds / rounds;
  while (performance.now() < end) {
    gradient ??= ones(conv2d(x, weight, bias, item.options).shape);
    using _ = scope();
    const start = performance.now();
    const result = conv2d(x, weight, bias, item.options);
    const middle = performance.now();
    backward(result, { gradient });
    best.forward = Math.min(best.forward, middle - start);
    best.backward = Math.min(best.backward, performance.now() - middle);
    x.grad = weight.grad = bias.grad = undefined;
  }
  return best;
}

const contender = spawn(values.python, [
  fileURLToPath(new URL("convolution.py", import.meta.url)),
], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: contender.stdout })[Symbol.asyncIterator]();

async function ask(line: string): Promise<string> {
  contender.stdin.write(`${line}\n`);
  const { value, done } = await lines.next();
  if (done) process.exit(1);
  return value;
}

configure({ threads });
await ask(JSON.stringify({ threads, seconds: seconds / rounds, cases }));
console.log(`${threads} threads; ms forward and backward: qorus, torch, torch / qorus`);
for (const [i, item] of cases.entries()) {
  const ours = { forward: Infinity, backward: Infinity };
  const theirs = { forward: Infinity, backward: Infinity };
  for (let round = 0; round < rounds; round++) {
    const mine = measure(item);
    const other = JSON.parse(await ask(String(i))) as Times;
    for (const pass of ["forward", "backward"] as const) {
      ours[pass] = Math.min(ours[pass], mine[pass]);
      theirs[pass] = Math.min(theirs[pass], other[pass] * 1000);
    }
  }
  const column = (pass: keyof Times) =>
    `${pass} ${ours[pass].toFixed(2)} ${theirs[pass].toFixed(2)} ` +
    `${(theirs[pass] / ours[pass]).toFixed(2)}`;
  console.log(`${item.name.padEnd(34)} ${column("forward")}   ${column("backward")}`);
}
contender.stdin.end();
