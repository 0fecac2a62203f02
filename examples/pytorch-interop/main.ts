/**
 * Takes over a network that PyTorch trained, trains it on, and gives it back.
 *
 *   bun examples/pytorch-interop/main.ts [FOLDER] [--output FOLDER]
 *   deno run -A examples/pytorch-interop/main.ts [FOLDER] [--output FOLDER]
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  crossEntropy,
  nn,
  noGrad,
  optim,
  QorusError,
  Random,
  scope,
  type Tensor,
  tensor,
} from "@qorus/qorus";
import { makeFolder } from "../support/make_folder.ts";
import { runExample } from "../support/run_example.ts";

const strokes = ["horizontal", "vertical", "diagonal"];
const size = 8;
/** Outputs that differ by more are not equal up to rounding. */
const tolerance = 1e-5;

/** The network of interop.py; properties give the names of the state dict. */
class StrokeNetwork extends nn.Module {
  readonly features = new nn.Sequential(
    new nn.Conv2d(1, 6, 3, { padding: 1 }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  );
  readonly classifier = new nn.Linear(6 * 4 * 4, strokes.length);

  /** Images `[count, 1, 8, 8]` to logits `[count, 3]`. */
  forward(x: Tensor): Tensor {
    const features = this.features.forward(x);
    return this.classifier.forward(features.view([x.shape[0], -1]));
  }
}

/** Noisy images with a stroke in each, and which way it runs. */
function drawStrokes(count: number, random: Random): { x: Tensor; y: Tensor } {
  const images = Float32Array.from({ length: count * size * size }, () => 0.2 * random.normal());
  const kinds = Int32Array.from({ length: count }, () => random.below(strokes.length));
  for (const [image, kind] of kinds.entries()) {
    const place = random.below(size);
    for (let i = 0; i < size; i++) {
      const [row, column] = [[place, i], [i, place], [i, (i + place) % size]][kind];
      images[(image * size + row) * size + column] += 1;
    }
  }
  return { x: tensor(images).view([count, 1, size, size]), y: tensor(kinds) };
}

/** Loads PyTorch's weights and compares outputs with PyTorch's, number by number. */
function compare(network: StrokeNetwork, folder: string): void {
  using _ = scope();
  network.load(join(folder, "pytorch.safetensors"));
  network.eval();
  for (const [name, { dtype, shape }] of network.stateDict()) {
    console.log(`${name.padEnd(32)} ${dtype.padEnd(4)} [${shape.join(", ")}]`);
  }
  const path = join(folder, "pytorch-sample.safetensors");
  const { input, output: expected } = Object.fromEntries(nn.loadSafetensors(path));
  if (input === undefined || expected === undefined) {
    throw new QorusError("invalid_file", `${path}: has no tensors "input" and "output"`, { path });
  }
  const output = noGrad(() => network.forward(input));
  const rows = [output, expected].map((x) => x.toArray() as number[][]);
  console.log("\nstroke       Qorus                       PyTorch");
  for (const [i, row] of rows[0].entries()) {
    const columns = [row, rows[1][i]].map((numbers) =>
      numbers.map((x) => x.toFixed(4).padStart(9)).join("")
    );
    console.log(strokes[row.indexOf(Math.max(...row))].padEnd(10), ...columns);
  }
  const differences = rows[0].flatMap((row, i) => row.map((x, k) => Math.abs(x - rows[1][i][k])));
  const largest = Math.max(...differences);
  if (!(largest <= tolerance)) {
    throw new QorusError("invalid_file", `${path}: outputs differ by ${largest}`, { path });
  }
  console.log(`all equal within ${tolerance}`);
}

/** Trains on, as if the network had been Qorus's from the beginning. */
function train(network: StrokeNetwork, random: Random): void {
  network.train();
  using optimizer = new optim.Adam(network.parameters(), { lr: 3e-3 });
  for (let step = 1; step <= 50; step++) {
    using _ = scope();
    const { x, y } = drawStrokes(64, random);
    const loss = crossEntropy(network.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    if (step % 25 === 0) console.log(`step ${step}: loss ${loss.item().toFixed(3)}`);
  }
  network.eval();
}

/** Writes the weights, and inputs with outputs for `interop.py check`. */
async function save(network: StrokeNetwork, folder: string, random: Random): Promise<void> {
  makeFolder(folder);
  await network.save(join(folder, "qorus.safetensors"));
  using _ = scope();
  const { x: input } = drawStrokes(5, random);
  const output = noGrad(() => network.forward(input));
  const sample = new Map(Object.entries({ input, output }));
  await nn.saveSafetensors(join(folder, "qorus-sample.safetensors"), sample);
}

await runExample(
  {
    positionals: ["FOLDER"],
    options: { output: "runs/pytorch-interop" },
  },
  async ({ output }, folder = fileURLToPath(new URL(".", import.meta.url))) => {
    const random = new Random(1);
    using network = new StrokeNetwork();
    compare(network, folder);
    console.log("\nQorus trains on");
    train(network, random);
    await save(network, output, random);
    console.log(`\nwrote ${join(output, "qorus.safetensors")}; PyTorch reads it:`);
    console.log(`python examples/pytorch-interop/interop.py check ${output}`);
  },
);
