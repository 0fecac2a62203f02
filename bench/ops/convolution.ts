/**
 * Convolutions next to PyTorch's, in turns: `bun bench/ops/convolution.ts [--python PATH]
 * [--threads N] [--seconds N] [--json] [TEXT]` measures the cases whose name contains TEXT. Best
 * milliseconds of the result, of the input's gradient and of the weight's, and how many times as
 * long PyTorch takes, in the faster of its memory formats.
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
import { noGrad } from "../../lib/core/gradient.ts";
import { scope } from "../../lib/core/scope.ts";
import { conv2d } from "../../lib/ops/convolution.ts";
import { type Case, cases as all } from "./convolution_cases.ts";

const directions = ["forward", "input", "weight"] as const;
type Direction = typeof directions[number];
/** Milliseconds. */
type Times = Partial<Record<Direction, number>>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "/tmp/venv-golden/bin/python" },
    threads: { type: "string", default: "1" },
    seconds: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const threads = Number(values.threads);
const rounds = 3;
const seconds = Number(values.seconds) / rounds;
const cases = all.filter(({ name }) => name.includes(positionals[0] ?? ""));

function measure(item: Case): Times {
  using _ = scope();
  const x = randn(item.x);
  const weight = randn(item.weight);
  const bias = item.bias ? randn([item.weight[0]]) : undefined;
  const gradient = ones(noGrad(() => conv2d(x, weight, bias, item.options)).shape);
  const times: Times = {};
  for (const direction of directions) {
    if (direction === "input" && !item.learnsInput) continue;
    x.requiresGrad = direction === "input";
    weight.requiresGrad = direction === "weight";
    if (bias !== undefined) bias.requiresGrad = direction === "weight";
    let best = Infinity;
    const end = performance.now() + 1000 * seconds / directions.length;
    while (performance.now() < end) {
      using _ = scope();
      let start = performance.now();
      const result = conv2d(x, weight, bias, item.options);
      if (direction !== "forward") {
        start = performance.now();
        backward(result, { gradient });
      }
      best = Math.min(best, performance.now() - start);
      for (const learned of [x, weight, bias]) {
        if (learned?.requiresGrad) learned.grad = undefined;
      }
    }
    times[direction] = best;
  }
  return times;
}

function least(...times: readonly Times[]): Times {
  const result: Times = {};
  for (const direction of directions) {
    const measured = times.map((time) => time[direction]).filter((time) => time !== undefined);
    if (measured.length > 0) result[direction] = Math.min(...measured);
  }
  return result;
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
await ask(JSON.stringify({ threads, seconds, cases }));
const results = [];
if (!values.json) {
  console.log(`${threads} threads; ms: qorus, torch NCHW, channels_last, best torch / qorus`);
}
for (const [i, item] of cases.entries()) {
  let [qorus, nchw, channelsLast]: Times[] = [{}, {}, {}];
  for (let round = 0; round < rounds; round++) {
    qorus = least(qorus, measure(item));
    const other = JSON.parse(await ask(String(i))) as { nchw: Times; channelsLast: Times };
    nchw = least(nchw, other.nchw);
    channelsLast = least(channelsLast, other.channelsLast);
  }
  results.push({ ...item, threads, qorus, nchw, channelsLast });
  if (values.json) continue;
  const multiplyAdds = item.weight.reduce((a, b) => a * b, 1) *
    item.x[0] * item.x[2] * item.x[3];
  const stride = Number(item.options.stride ?? 1) ** 2;
  const columns = directions.map((direction) => {
    if (qorus[direction] === undefined) return "".padEnd(34);
    const [ours, first, second] = [qorus, nchw, channelsLast].map((times) => times[direction]!);
    const gflops = 2 * multiplyAdds / stride / ours / 1e6;
    return [ours, first, second, Math.min(first, second) / ours]
      .map((value) => value.toFixed(2).padStart(6)).join(" ") +
      `${gflops.toFixed(0).padStart(5)}G`;
  });
  console.log(`${item.name.padEnd(36)} ${columns.join("  ")}`);
}
contender.stdin.end();
if (values.json) console.log(JSON.stringify(results));
