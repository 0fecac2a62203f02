/**
 * Saves the models of the golden tests with weights of our own, and what they compute, so that
 * check_saved_models.py can compare PyTorch with it.
 *
 *   bun tools/golden/save_models.ts FOLDER
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { manualSeed, nn, noGrad, scope } from "../../mod.ts";
import { GoldenFile } from "../../tests/support/golden.ts";
import { goldenModels } from "../../tests/support/golden_models.ts";

const [folder] = process.argv.slice(2);
const golden = new GoldenFile("models");
manualSeed(20);
for (const { name, make } of goldenModels) {
  using _ = scope();
  using model = make();
  model.eval();
  const x = golden.tensor(`${name}/x`);
  const first = x.slice(0, 0, 1).view(x.shape.slice(1));
  const output = noGrad(() => model.forward(first));
  await model.save(join(folder, `${name}.safetensors`));
  await nn.saveSafetensors(
    join(folder, `${name}_output.safetensors`),
    new Map([["x", first], ["output", output]]),
  );
}
