/**
 * Convolutions next to PyTorch's, in turns: best milliseconds of the result, of the input's gradient
 * and of the weight's, and how many times as long PyTorch takes, in the faster of its memory
 * formats.
 *
 *   bun bench/ops/convolution.ts --python /tmp/venv/bin/python
 *   deno run -A bench/ops/convolution.ts resnet --python /tmp/venv/bin/python --threads 2 --json
 *
 * @module
 */

import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { backward } from "../../lib/autograd/backward.ts";
import { type Arguments, type OptionDefinitions, UsageError } from "../../lib/cli/arguments.ts";
import { configure } from "../../lib/core/context.ts";
import { ones, randn } from "../../lib/core/creation.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import { scope } from "../../lib/core/scope.ts";
import { conv2d } from "../../lib/ops/convolution.ts";
import { runProgram } from "../../tools/support/program.ts";
import { CommandedProcess } from "../support/child_process.ts";
import { requirePython } from "../support/python.ts";
import { type Case, cases as all } from "./convolution_cases.ts";

const options = {
  threads: { kind: "integer", least: 1, most: 256, help: "threads of each (default: 1)" },
  seconds: { kind: "number", least: 0.01, help: "time for each contender and case (default: 1)" },
  python: { kind: "text", help: "the Python that has PyTorch (default: python3)" },
  json: { kind: "flag", help: "print JSON" },
} as const satisfies OptionDefinitions;

const directions = ["forward", "input", "weight"] as const;
type Direction = typeof directions[number];
/** Milliseconds. */
type Times = Partial<Record<Direction, number>>;

/** One case, measured. */
interface Result extends Case {
  readonly threads: number;
  readonly qorus: Times;
  readonly nchw: Times;
  readonly channelsLast: Times;
  /** The time of PyTorch's faster format over Qorus's. */
  readonly ratios: Partial<Record<Direction, number>>;
}

const rounds = 3;

/** Best milliseconds of each direction. */
function measure(item: Case, seconds: number): Times {
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

/** Measures a case in turns. */
async function compare(
  item: Case,
  index: number,
  { pytorch, threads, seconds }: { pytorch: CommandedProcess; threads: number; seconds: number },
): Promise<Result> {
  let [qorus, nchw, channelsLast]: Times[] = [{}, {}, {}];
  for (let round = 0; round < rounds; round++) {
    qorus = least(qorus, measure(item, seconds / rounds));
    const other = await pytorch.ask("measure", { index }) as { nchw: Times; channelsLast: Times };
    nchw = least(nchw, other.nchw);
    channelsLast = least(channelsLast, other.channelsLast);
  }
  const best = least(nchw, channelsLast);
  const ratios = Object.fromEntries(
    directions.filter((it) => qorus[it] !== undefined).map((it) => [it, best[it]! / qorus[it]!]),
  );
  return { ...item, threads, qorus, nchw, channelsLast, ratios };
}

function printLine(result: Result): void {
  const { name, x, weight, options, qorus, nchw, channelsLast, ratios } = result;
  const multiplyAdds = weight.reduce((a, b) => a * b, 1) * x[0] * x[2] * x[3];
  const stride = Number(options.stride ?? 1) ** 2;
  const columns = directions.map((direction) => {
    const ours = qorus[direction];
    if (ours === undefined) return "".padEnd(34);
    const gflops = 2 * multiplyAdds / stride / ours / 1e6;
    return [ours, nchw[direction]!, channelsLast[direction]!, ratios[direction]!]
      .map((value) => value.toFixed(2).padStart(6)).join(" ") +
      `${gflops.toFixed(0).padStart(5)}G`;
  });
  console.log(`${name.padEnd(36)} ${columns.join("  ")}`);
}

async function main(
  { options: values, positionals: [text = ""] }: Arguments<typeof options>,
): Promise<void> {
  const { threads = 1, seconds = 1, python = "python3", json = false } = values;
  const cases = all.filter(({ name }) => name.includes(text));
  if (cases.length === 0) {
    const known = all.map(({ name }) => name).join("; ");
    throw new UsageError(`${JSON.stringify(text)} is given, expected a part of a name: ${known}`);
  }
  requirePython(python, ["torch"]);
  configure({ threads });
  const script = fileURLToPath(new URL("convolution.py", import.meta.url));
  using pytorch = new CommandedProcess("PyTorch", python, ["-u", script]);
  await pytorch.ask("load", { threads, seconds: seconds / rounds, cases });
  if (!json) {
    console.log(`${threads} threads; ms: qorus, torch NCHW, channels_last, best torch / qorus`);
  }
  const results: Result[] = [];
  for (const [index, item] of cases.entries()) {
    const result = await compare(item, index, { pytorch, threads, seconds });
    results.push(result);
    if (!json) printLine(result);
  }
  const machine = { processor: cpus()[0].model, processors: cpus().length };
  if (json) console.log(JSON.stringify({ machine, rounds, results }, null, 2));
}

await runProgram({
  name: "bun bench/ops/convolution.ts",
  summary: "Measures convolutions beside PyTorch.",
  parameters: "[PART_OF_NAME]",
  most: 1,
  options,
  examples: ["bun bench/ops/convolution.ts resnet --python /tmp/venv/bin/python --threads 2"],
}, main);
