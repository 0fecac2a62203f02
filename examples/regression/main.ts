/**
 * Fits a noisy curve with a small network, and draws samples, curve and fit as an SVG.
 *
 *   bun examples/regression/main.ts [--svg FILE] [--steps N] [--seed N]
 *   deno run -A examples/regression/main.ts [--svg FILE] [--steps N] [--seed N]
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import {
  manualSeed,
  mseLoss,
  nn,
  noGrad,
  optim,
  QorusError,
  Random,
  scope,
  tensor,
  train,
} from "@qorus/qorus";
import { runExample } from "../support/run_example.ts";

const sampleCount = 200;
const noise = 0.2;
const curve = (x: number): number => Math.sin(3 * x) * Math.exp(-x * x / 4);

/** Where the fit is drawn and compared with the curve. */
const grid = Float32Array.from({ length: 241 }, (_, i) => -3 + i / 40);

/** The network's values on the grid. */
function predict(model: nn.Sequential): number[] {
  using _ = scope();
  return [...noGrad(() => model.forward(tensor(grid, { shape: [grid.length, 1] }))).read()];
}

/** How far values on the grid are from the curve: the root of the mean squared difference. */
function distance(values: readonly number[]): number {
  const squares = values.map((value, i) => (value - curve(grid[i])) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

await runExample(
  { options: { svg: "regression.svg", steps: 1000, seed: 1 } },
  ({ svg, steps, seed }) => {
    const random = new Random(seed);
    const xs = Float32Array.from({ length: sampleCount }, () => random.uniform(-3, 3));
    const ys = xs.map((x) => curve(x) + random.normal(0, noise));
    const [x, y] = [xs, ys].map((values) => tensor(values, { shape: [sampleCount, 1] }));

    manualSeed(seed);
    using model = new nn.Sequential(
      new nn.Linear(1, 32),
      new nn.Tanh(),
      new nn.Linear(32, 32),
      new nn.Tanh(),
      new nn.Linear(32, 1),
    );
    using optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
    const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: steps });

    const early = { step: Math.ceil(steps / 20), values: [] as number[] };
    for (let step = 1; step <= steps; step++) {
      using _ = scope();
      const loss = mseLoss(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      schedule.step();
      if (step === early.step) early.values = predict(model);
      if (step % Math.ceil(steps / 5) > 0) continue;
      const away = distance(predict(model)).toFixed(3);
      console.log(`step ${step}: loss ${loss.item().toFixed(4)}, ${away} from the curve`);
    }

    writeChart(svg, [
      { name: "samples", x: [...xs], y: [...ys], marks: "points" },
      { name: "curve", x: [...grid], y: [...grid].map(curve) },
      { name: `after ${early.step} steps`, x: [...grid], y: early.values },
      { name: `after ${steps} steps`, x: [...grid], y: predict(model) },
    ]);
  },
);

function writeChart(path: string, series: readonly train.Series[]): void {
  const title = "A curve, its noisy samples, and what a network makes of them";
  try {
    writeFileSync(path, train.lineChart({ title, series }));
  } catch (cause) {
    throw new QorusError("io", `${path}: ${(cause as Error).message}`, { path, cause });
  }
  console.log(`wrote ${path}`);
}
